extension ReferenceEvaluator {
    /// The gate: allowed iff the principal owns the resource or holds a live capability that covers the question.
    public func isAllowed(
        _ principal: String, _ ability: String, _ resource: String, context: [PlainCaveat] = [],
        live: Set<Grant>
    ) -> Bool {
        let parts = PlainRules.parts(resource)
        if parts.owner == principal { return true }
        let question = PlainCapability(resource, ability)
        return live.contains { grant in
            statement(grant.statement)?.audience == principal
                && covering(question, parts, in: grant.statement).contains(grant)
                && isWithin(caveats(of: grant), ability, resource, context)
        }
    }

    /// A use is within what is held, and within what it is said to be bound by, which may be no wider.
    func isWithin(
        _ held: [PlainCaveat], _ ability: String, _ resource: String, _ context: [PlainCaveat]
    ) -> Bool {
        guard !held.isEmpty else { return true }
        return (context.isEmpty || PlainRules.caveatsCover(held, context, delegating: false))
            && (held + context).allSatisfy { PlainRules.admits($0, ability, resource) }
    }

    /// The family's rule: a statement is as good as the worst of its closure; `active`, `revoked`, `expired`, `pending`.
    public func status(of name: String, at now: Int64) -> String {
        let closure = closure([name])
        if closure.contains(where: { ended[$0] != nil }) { return "revoked" }
        if closure.contains(where: { now >= held[$0]?.statement.expires ?? .max }) { return "expired" }
        if closure.contains(where: { now < held[$0]?.statement.notBefore ?? .min }) { return "pending" }
        return "active"
    }

    /// A statement and everything above it.
    public func chain(of name: String) -> Set<String> { closure([name]) }

    /// True when some capability lies in the space.
    public func touches(_ name: String, _ space: String) -> Bool {
        held[name]?.parts.contains { $0.space == space } ?? false
    }

    /// What a listing keeps; `direction` is `created`, `received` or `all`.
    public struct Listing: Sendable, Hashable {
        public var space: String
        public var direction = "all"
        public var path: String?
        public var abilities: [String]?
        public var statuses: Set<String> = ["active"]

        public init(space: String) { self.space = space }
    }

    public func list(_ query: Listing, asker: Asker, at now: Int64) -> Set<String> {
        Set(
            order.filter { name in
                guard let held = held[name], touches(name, query.space) else { return false }
                switch query.direction {
                case "created": guard asker.means(held.statement.issuer, name, self) else { return false }
                case "received":
                    guard asker.means(held.statement.audience, name, self),
                        !asker.means(held.statement.issuer, name, self)
                    else { return false }
                default: break
                }
                let matches = held.parts.indices.contains { index in
                    guard case .place(query.space, _, _, let path, _) = held.parts[index] else { return false }
                    if let wanted = query.path, !wanted.isEmpty {
                        guard let path, PlainRules.pathCovers(wanted, path) else { return false }
                    }
                    guard let abilities = query.abilities else { return true }
                    let own = PlainRules.plainName(held.statement.capabilities[index].ability)
                    return abilities.contains { PlainRules.plainName($0) == own }
                }
                return matches && query.statuses.contains(status(of: name, at: now))
            })
    }

    /// Judges a use by its cited proofs; `allow` or the first words of the refusal (tinycloud.md 4).
    public func invocation(
        by invoker: String, proofs: [String], capabilities: [PlainCapability], at now: Int64
    ) -> String {
        let dependent = capabilities.filter { PlainRules.parts($0.resource).owner != invoker }
        if dependent.isEmpty { return "allow" }
        let cited = proofs.compactMap { names[$0] }
        if cited.isEmpty || cited.count < proofs.count || Set(cited).count < cited.count {
            return "Cannot find parent delegation"
        }
        let strange = cited.filter { statement($0)?.audience != invoker }
        if strange.contains(where: { !hasPart(invoker, in: $0) }) { return "Cannot find parent delegation" }
        if !strange.isEmpty { return "Unauthorized Invoker" }
        if cited.contains(where: { ended[$0] != nil }) { return "delegation-revoked" }
        let closure = closure(cited)
        if closure.contains(where: { ended[$0] != nil }) { return "delegation-ancestor-revoked" }
        if closure.count > maxClosureNodes { return "delegation-chain-traversal-limit-exceeded" }
        if closure.contains(where: { !isAlive($0, at: now) }) { return "Unauthorized Action" }
        for capability in dependent {
            let candidates = cited.flatMap { covering(capability, PlainRules.parts(capability.resource), in: $0) }
            if candidates.isEmpty { return "Unauthorized Action" }
            let isContained = candidates.contains {
                PlainRules.caveatsCover(caveats(of: $0), capability.caveats, delegating: false)
            }
            if !isContained { return "invocation-caveats-not-subset-of-chain" }
        }
        return "allow"
    }

    // MARK: revocation

    /// Offers a revocation; answers `revoked`, `alreadyRevoked` or the code of the refusal (tinycloud.md 5).
    ///
    /// `urn` gives the `urn:cid:` text of an id; a proof may name the target by any id it is known under.
    public mutating func revoke(_ revocation: PlainRevocation, urn: (String) -> String, at now: Int64) -> String {
        let target = names[revocation.target]
        var acting = revocation.signer
        if !revocation.proofs.isEmpty {
            guard revocation.proofs.count == 1 else { return "unauthorizedRevoker" }
            guard let name = names[revocation.proofs[0]], let proof = held[name] else { return "missingProof" }
            guard proof.statement.audience == revocation.signer else {
                return hasPart(revocation.signer, in: name) ? "audienceMismatch" : "missingProof"
            }
            switch status(of: name, at: now) {
            case "revoked": return "ancestorRevoked"
            case "expired": return "expired"
            case "pending": return "notYetValid"
            default: break
            }
            acting = proof.statement.issuer
            let holds = proof.parts.indices.contains { index in
                let capability = proof.statement.capabilities[index]
                guard capability.ability == "tinycloud.delegation/revoke", capability.caveats.isEmpty else {
                    return false
                }
                if urn(revocation.target) == capability.resource { return true }
                if names.contains(where: { $0.value == target && urn($0.key) == capability.resource }) { return true }
                guard case .place(_, acting, "delegation", let path, "") = proof.parts[index] else { return false }
                return path == nil
            }
            guard holds else { return "unauthorizedRevoker" }
        }
        guard let target, hasPart(acting, in: target) else { return "unauthorizedRevoker" }
        guard ended[target] == nil else { return "alreadyRevoked" }
        ended[target] = acting
        changeCount += 1
        endedPlace[target] = changeCount
        return "revoked"
    }
}
