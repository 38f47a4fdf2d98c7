import ATProto
import CapabilityGraph
import Multiformats
import Storage
import UCAN

extension GateCase {
    /// Writes go to the own repo: into spaces held elsewhere freely, into those held here as their write policy says
    /// (section 13.1, readings 6 and 9).
    func write(_ author: DID, _ items: [WriteItem], _ asker: Questioner) throws -> Ruling {
        // In whose repo an invocation writes shows in what it rests on, which is looked at below.
        if case .invocation = caller {} else if author != asker.principal { throw AccessRefusal.foreignRepo }
        // Who writes nothing learns whether it might, for which an app needs some scope for the space.
        if items.isEmpty, let scopes = asker.scopes, !scopes.allowsSomething(in: SpaceAccess(uri, .readSelf)) {
            throw AccessRefusal.insufficientScope
        }
        let scoped = Set(items.flatMap(\.concrete)).filter { item in
            asker.scopes?.allows(item.access(uri)) ?? true
        }
        guard covers(items, scoped) else { throw AccessRefusal.insufficientScope }
        // Asked of every space, so that one that is not there costs no more than one that is hidden.
        let isUnderHostedAuthority = try isUnderHostedAuthority()
        switch view.standing(of: uri) {
        case .live(let record): return try writeHere(author, items, scoped, record, asker)
        case .absent where !isUnderHostedAuthority:
            guard try view.isHosted(author, by: gate.accounts) else { throw AccessRefusal.noRepoHere }
            guard let own = ownWrite(author, items, scoped, asker, isElsewhere: true) else {
                throw AccessRefusal.foreignRepo
            }
            return own
        case .deleted, .absent:
            if let own = try ownDeletion(author, items, scoped, asker) { return own }
            inStandIn { other, record in _ = try other.writeHere(author, items, scoped, record, asker) }
            throw AccessRefusal.spaceNotFound
        }
    }

    private func writeHere(
        _ author: DID, _ items: [WriteItem], _ scoped: Set<WriteItem>, _ record: SpaceRecord, _ asker: Questioner
    ) throws -> Ruling {
        var decision = asker.may(.spaceBelong, space)
        var allowed: Set<WriteItem> = []
        var failed: Judgement?
        // In somebody else's repo each write needs that author's own delegation.
        var hasConsent = author == asker.principal
        for item in scoped {
            let place = "\(author.text)/\(item.collection)"
            var answer = asker.may(item.ability, space, path: place)
            // What is its author's own anyhow says nothing of what the space lets it do.
            if answer.isAllowed, !isBySpace(answer), asker.names(item.ability, space, path: place) {
                answer = asker.may(asker.principal, .spaceWrite, space, path: place)
            }
            if isBySpace(answer), author == asker.principal || isDelegated(author, answer) {
                allowed.insert(item)
                decision = answer
                hasConsent = true
            } else {
                failed = answer
            }
        }
        if items.isEmpty, !decision.isAllowed { failed = decision }
        if !covers(items, allowed), let own = try ownDeletion(author, items, scoped, asker) { return own }
        if !covers(items, allowed) || (items.isEmpty && failed != nil) {
            if let failed {
                throw failed.isAllowed && author != asker.principal
                    ? AccessRefusal.foreignRepo : refusal(.writeNotAuthorized, asker, failed.decision)
            }
        }
        guard hasConsent else { throw AccessRefusal.foreignRepo }
        for item in items where item.action != .delete {
            let place = Resource.atproto(space: space, path: "\(author.text)/\(item.collection)")
            guard view.graph.taking(place, at: now).isAllowed else {
                throw ATProtoError("InvalidRequest", "the space does not take records of that collection")
            }
        }
        var result = ruling(asker, decision, record)
        result.writes = allowed
        return result
    }

    /// True for what somebody may by what the space gives, not only as the author of what it takes away.
    private func isBySpace(_ judgement: Judgement) -> Bool {
        guard judgement.isAllowed else { return false }
        guard judgement.leaf == nil, case .allow(let allowance) = judgement.decision else { return true }
        return allowance.rootAuthority == space.owner
    }

    /// True when a decision rests on a delegation the author signed.
    private func isDelegated(_ author: DID, _ judgement: Judgement) -> Bool {
        guard case .allow(let allowance) = judgement.decision else { return false }
        return allowance.route.contains { step in
            let edge = view.graph.view(step.edge)
            return !edge.kind.isHostStatement && UTF8Bytes.equal(edge.issuer, author.text)
        }
    }

    /// An author may always take away what is its own, whatever became of its membership or of the space.
    ///
    /// Nil for everything else than deletions, and where the author has no repo: to it the space is what it is to others.
    private func ownDeletion(
        _ author: DID, _ items: [WriteItem], _ scoped: Set<WriteItem>, _ asker: Questioner
    ) throws -> Ruling? {
        guard !items.isEmpty, items.allSatisfy({ $0.action == .delete }),
            try hasRepo(author)
        else { return nil }
        return ownWrite(author, items, scoped, asker)
    }

    /// Writes that rest on nothing but that the repo is the caller's; nil where one of them is not.
    private func ownWrite(
        _ author: DID, _ items: [WriteItem], _ scoped: Set<WriteItem>, _ asker: Questioner, isElsewhere: Bool = false
    ) -> Ruling? {
        func own(_ ability: Ability, _ collection: String?) -> Judgement? {
            asker.own(author, ability, space, collection: collection, isElsewhere: isElsewhere)
        }
        let first = items.first
        guard let decision = own(first?.concrete[0].ability ?? .spaceBelong, first?.collection) else { return nil }
        var result = ruling(asker, decision)
        result.isOwnAlone = true
        result.writes = scoped.filter { own($0.ability, $0.collection) != nil }
        return covers(items, result.writes) ? result : nil
    }

    /// True when each item, or for a `put` one way to do it, is among the allowed ones.
    private func covers(_ items: [WriteItem], _ allowed: Set<WriteItem>) -> Bool {
        items.allSatisfy { item in item.concrete.contains(where: allowed.contains) }
    }
}

extension WriteItem {
    /// The single writes it may turn out to be.
    var concrete: [WriteItem] {
        action == .put
            ? [WriteItem(.create, collection: collection), WriteItem(.update, collection: collection)] : [self]
    }

    /// The ability of a concrete write.
    var ability: Ability {
        switch action {
        case .create: .spaceCreate
        case .update: .spaceUpdate
        case .delete: .spaceDelete
        case .put: .spaceWrite
        }
    }

    func access(_ space: SpaceURI) -> SpaceAccess {
        switch action {
        case .create: SpaceAccess(space, .create(collection: collection))
        case .update, .put: SpaceAccess(space, .update(collection: collection))
        case .delete: SpaceAccess(space, .delete(collection: collection))
        }
    }
}
