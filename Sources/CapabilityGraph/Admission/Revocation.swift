public import Multiformats
public import UCAN

/// A verified wish to end an edge.
public struct RevocationStatement: Sendable {
    public var target: Multihash
    public var signer: DID
    public var proofs: [Multihash]
    /// BLAKE3-256 of the revocation token.
    public var id: Digest

    public init(target: Multihash, signer: DID, proofs: [Multihash], id: Digest) {
        self.target = target
        self.signer = signer
        self.proofs = proofs
        self.id = id
    }
}

public enum RevocationOutcome: Sendable {
    case revoked(Snapshot.EdgeID)
    /// The edge had been ended before; nothing changed.
    case alreadyRevoked(Snapshot.EdgeID)
    case refused(Refusal)
}

extension Snapshot {
    /// The edge a revocation names and in whose name it ends; throws the refusal of who may not end it, which is the same
    /// for an edge that is not there and for one that the signer has no part in (design law 9).
    public func revocable(
        _ statement: RevocationStatement, at now: Timestamp
    ) throws(Refusal) -> (target: EdgeID, acting: DID) {
        let acting = try actingPrincipal(
            signer: statement.signer, proofs: statement.proofs, ability: "tinycloud.delegation/revoke",
            target: statement.target, at: now)
        guard let target = edge(statement.target), mayEnd(acting, target, at: now) || governs(acting, target) else {
            throw .unauthorizedRevoker(
                "no delegation of this CID is known here that `\(acting.text)` issued or received, or that touches a "
                    + "space of its own")
        }
        guard mayEnd(acting, target, at: now) else {
            throw .unauthorizedRevoker("`\(acting.text)` may not end an edge of this kind: ask who manages its space")
        }
        return (target, acting)
    }
}

extension Snapshot {
    /// True when the principal issued or received the edge, or controls a space or network that it touches.
    func governs(_ principal: DID, _ edge: UInt32) -> Bool {
        self.principal(principal).map { governs($0, edge) } ?? false
    }

    func governs(_ number: UInt32, _ edge: UInt32) -> Bool {
        if graph.issuer(edge) == number || graph.audience(edge) == number { return true }
        return capabilities(of: edge).contains {
            graph.resources.row(graph.capabilities[$0].resource).authority == number
        }
    }

    public func governs(_ principal: DID, _ edge: EdgeID) -> Bool { governs(principal, edge.raw) }

    /// Finds for whom a signer acts on an edge, be it known here or not: itself, or, through exactly one live proof, that proof's delegator.
    ///
    /// A proof that does not hold never falls back to the signer (ucan.md B.7, attack 1).
    public func actingPrincipal(
        signer: DID, proofs: [Multihash], ability: String, target: Multihash, at now: Timestamp
    ) throws(Refusal) -> DID {
        guard let cited = proofs.first else { return signer }
        guard proofs.count == 1 else { throw .unauthorizedRevoker("more than one proof is cited") }
        guard let proof = edge(cited)?.raw, graph.audience(proof) == principal(signer) || governs(signer, proof) else {
            throw .unauthorizedRevoker(
                "no delegation is known here that is cited and concerns `\(signer.text)`", .missingProof, edge: cited)
        }
        guard graph.audience(proof) == principal(signer) else {
            throw .unauthorizedRevoker(
                "the cited proof was not made for `\(signer.text)`", .audienceMismatch, edge: cited)
        }
        switch status(of: proof, at: now.microseconds) {
        case .active: break
        case .revoked(let cause):
            throw .unauthorizedRevoker(
                "the proof rests on `\(cidText(cause.raw))`, which is revoked", .ancestorRevoked,
                edge: multihash(cause.raw))
        case .expired(let cause):
            throw .unauthorizedRevoker("the proof expired", .expired, edge: multihash(cause.raw))
        case .pending(let cause):
            throw .unauthorizedRevoker("the proof is not yet valid", .notYetValid, edge: multihash(cause.raw))
        case .undetermined:
            throw .unauthorizedRevoker(
                "the proof rests on more than the limits allow to look at", .chainLimitExceeded, edge: cited)
        }
        let delegator = graph.terms.text(graph.issuer(proof))
        let holds = capabilities(of: proof).contains { number in
            let row = graph.capabilities[number]
            guard graph.terms.text(row.ability) == ability, row.caveats == 0 else { return false }
            let resource = resource(row.resource)
            if resource.family == nil { return isNamed(target, by: resource.text) }
            guard let space = resource.space, space.owner.text == delegator else { return false }
            return resource.contains(Resource(space: space, service: "delegation"))
        }
        guard holds, let acting = try? DID(delegator) else {
            throw .unauthorizedRevoker("the proof does not hold `\(ability)`", edge: cited)
        }
        return acting
    }

    /// True for `urn:cid:` and the CID, in its usual text, of any encoding under which the edge is known.
    private func isNamed(_ target: Multihash, by text: String) -> Bool {
        guard text.utf8.starts(with: "urn:cid:".utf8), let cid = try? CID(text: text.utf8.dropFirst(8)) else {
            return false
        }
        guard cid.codec == CID.rawCodec, text.utf8.dropFirst(8).elementsEqual(cid.text.utf8) else { return false }
        return cid.hash == target || edge(cid.hash).map { $0 == edge(target) } ?? false
    }
}

extension Refusal {
    /// The reference's one answer to whoever may not act on a delegation (tinycloud.md 5).
    fileprivate static func unauthorizedRevoker(
        _ explanation: String, _ code: Code = .unauthorizedRevoker, edge: Multihash? = nil
    ) -> Refusal {
        Refusal(code, "Unauthorized Revoker", explanation, edge: edge)
    }
}
