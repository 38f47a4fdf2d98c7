import ATProto
import CapabilityGraph
import Multiformats
import UCAN

extension GateCase {
    /// An account makes spaces under its own DID, or under an authority the service holds (14.1).
    func createSpace() throws -> Ruling {
        let asker = try asker()
        try asker.require(.createSpace(uri))
        if gate.accounts.isServiceAuthority(space.owner) {
            return ruling(asker, asker.may(space.owner, .spaceManageCreate, space))
        }
        let decision = asker.may(.spaceManageCreate, space)
        guard decision.isAllowed, try gate.accounts.isHosted(space.owner) else {
            throw AccessRefusal(
                "Forbidden", "a space is made under the caller's own account on this host", decision: decision)
        }
        return ruling(asker, decision)
    }

    /// Settings, members and invites are for who holds the right to manage: the owner, and managing members (14.6).
    func manage(_ ability: Ability, _ scope: SpaceScope.Management) throws -> Ruling {
        let asker = try asker()
        try asker.require(SpaceAccess(uri, .manage(scope)))
        return try managed(ability, asker, try live(for: asker))
    }

    /// The owner's view of the settings, which changes nothing and so needs no more scope than reading them.
    func readConfig() throws -> Ruling {
        let asker = try asker()
        try requireShowing(asker)
        return try managed(.spaceManageUpdate, asker, try live(for: asker))
    }

    private func managed(_ ability: Ability, _ asker: Questioner, _ record: SpaceRecord) throws -> Ruling {
        let decision = asker.may(ability, space)
        guard decision.isAllowed else { throw refusal(.notSpaceOwner, record, asker, decision) }
        return ruling(asker, decision, record)
    }

    /// Deleting a second time succeeds for who owned the space (18).
    func deleteSpace() throws -> Ruling {
        let asker = try asker()
        try asker.require(.deleteSpace(uri))
        if case .deleted(let tombstone) = view.standing(of: uri), tombstone.owner == asker.principal {
            var result = ruling(asker, asker.inOwnName())
            result.isOwner = true
            return result
        }
        return try managed(.spaceManageDelete, asker, try live(for: asker))
    }

    /// Members and holders of credentials are told; everybody, where membership is public or anyone may read (14.2).
    func readSettings() throws -> Ruling {
        switch caller {
        case .credential: return try credentialOfHostedSpace()
        case .anonymous: return try anonymous(.spaceDescribe)
        case .account, .service, .invocation, .delegation: break
        }
        let asker = try asker()
        try requireShowing(asker)
        return try described(asker, try live(for: asker))
    }

    /// An app that may change the settings may also see what it changes.
    private func requireShowing(_ asker: Questioner) throws(AccessRefusal) {
        guard asker.scopes?.allows(.updateSpace(uri)) != true else { return }
        try asker.require(.showSpace(uri))
    }

    private func described(_ asker: Questioner, _ record: SpaceRecord) throws -> Ruling {
        let member = asker.may(.spaceBelong, space)
        let decision = member.isAllowed ? member : asker.may(.spaceDescribe, space)
        guard decision.isAllowed else { throw AccessRefusal.spaceNotFound.with(decision) }
        return ruling(asker, decision, record)
    }

    /// The list is the owner's; members have it where the settings say so, everybody where it is public, and each may
    /// ask about itself. Credentials never enumerate readers (14.5).
    func listMembers(_ member: DID?) throws -> Ruling {
        if case .anonymous = caller {
            var result = try anonymous(.spaceDescribe)
            result.isOpen = true
            return result
        }
        let asker = try asker()
        try asker.require(.showSpace(uri))
        let record = try live(for: asker)
        if let member, member == asker.principal { return try described(asker, record) }
        let standing = asker.may(.spaceBelong, space)
        let config = record.settings.config
        if config.membersCanList || config.membershipPublic, standing.isAllowed,
            isMember(standing) || isOnList(asker.principal)
        {
            return ruling(asker, standing, record)
        }
        let decision = asker.may(.spaceDescribe, space)
        guard decision.isAllowed else { throw refusal(.notSpaceOwner, record, asker, decision) }
        var result = ruling(asker, decision, record)
        result.isOpen = !isMember(decision)
        return result
    }

    /// Who writes is for who reads everything (12, 13.6).
    func listRepos() throws -> Ruling {
        switch caller {
        case .credential: return try credentialOfHostedSpace()
        case .anonymous: return try anonymous(.spaceDescribe, .spaceReadOpenly)
        case .account, .service, .invocation, .delegation: break
        }
        let asker = try asker()
        try asker.require(SpaceAccess(uri, .read))
        let record = try live(for: asker)
        let reader = asker.may(.spaceRead, space)
        let decision = reader.isAllowed ? reader : asker.may(.spaceDescribe, space)
        guard decision.isAllowed else { throw refusal(.readSelfOnly, record, asker, decision) }
        return try connected(ruling(asker, decision, record), asker, orOpen: [.spaceDescribe, .spaceReadOpenly])
    }

    /// True for who is on the list of the space, or of one that is a member of it, whatever everybody may besides.
    private func isOnList(_ principal: DID) -> Bool {
        func stands(in space: Space) -> Bool {
            view.graph.memberAccess(of: principal, in: space, at: now) != nil
        }
        return stands(in: space)
            || view.graph.memberSpaces(of: space, for: .spaceBelong, at: now).contains { inner in
                inner.owner == principal || stands(in: inner)
            }
    }

    /// True for who stands in the space by an edge of its own, not only as everybody does.
    private func isMember(_ standing: Decision) -> Bool {
        guard case .allow(let allowance) = standing else { return false }
        guard let leaf = allowance.route.first else { return true }
        return !UTF8Bytes.equal(view.graph.view(leaf.edge).audience, DID.anyone.text)
    }

    /// What the settings open to everybody, by any of some abilities; all other spaces, and none, answer that signing
    /// in is needed.
    func anonymous(_ abilities: Ability...) throws -> Ruling {
        let asker = Questioner(.anyone, in: view.graph, at: now)
        guard case .live(let record) = view.standing(of: uri) else { throw AccessRefusal.signInNeeded }
        let decisions = abilities.map { asker.may($0, space) }
        guard let decision = decisions.first(where: \.isAllowed) else {
            throw AccessRefusal.signInNeeded.with(decisions.first)
        }
        return ruling(asker, decision, record)
    }
}
