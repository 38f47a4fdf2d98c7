public import Multiformats
public import UCAN

/// By whose decision an edge ends, and why.
public struct EdgeEnd: Sendable {
    public var actor: DID
    /// One word, or what the actor wrote.
    public var reason: String
    /// True where another edge stands in the place of this one, so that nobody lost anything but what the other lacks.
    public var isReplaced: Bool
    /// The revocation that somebody signed: BLAKE3-256 of its bytes, and these; nil for this host's own decision.
    public var token: (id: Digest, bytes: [UInt8])?

    public init(by actor: DID, reason: String, isReplaced: Bool = false, token: (id: Digest, bytes: [UInt8])? = nil) {
        self.actor = actor
        self.reason = reason
        self.isReplaced = isReplaced
        self.token = token
    }

    /// What is kept as the statement that ended an edge, under its hash.
    func statement(of cid: String, at now: Timestamp) -> (Digest, [UInt8]) {
        if let token { return (token.id, token.bytes) }
        var map = CBORMap()
        map["kind"] = .text("end")
        map["by"] = .text(actor.text)
        map["edge"] = .text(cid)
        map["iat"] = .int(now.microseconds)
        map["reason"] = .text(reason)
        let bytes = CBOR.map(map).encoded()
        return (BLAKE3.hash(bytes), bytes)
    }
}

extension Snapshot {
    /// True for who may end an edge (`EdgeKind.endedBy`).
    public func mayEnd(_ principal: DID, _ edge: EdgeID, at now: Timestamp) -> Bool {
        !rights(of: principal, toEnd: edge) { manages(principal, $0, at: now) }.isEmpty
    }

    /// By which of the rights of its kind somebody may end an edge; empty for who may not. `manages` says of each
    /// space that the edge touches whether the principal manages it.
    public func rights(of principal: DID, toEnd edge: EdgeID, manages: (Space) -> Bool) -> EndRight {
        let allowed = view(edge).kind.endedBy
        let number = self.principal(principal) ?? ResolvedQuestion.nobody
        var held: EndRight = []
        if number != ResolvedQuestion.nobody {
            if graph.issuer(edge.raw) == number { held.insert(.issuer) }
            if graph.audience(edge.raw) == number { held.insert(.audience) }
            if concerns(edge.raw, [number]) { held.insert(.concerned) }
        }
        var managed: [UInt32: Bool] = [:]
        var managesAll = true
        for capability in capabilities(of: edge.raw) {
            let resource = graph.resources.row(graph.capabilities[capability].resource)
            if number != ResolvedQuestion.nobody, resource.authority == number { held.insert(.authority) }
            guard managed[resource.space] == nil else { continue }
            var isManaged = false
            if resource.space != 0,
                let space = try? families.space(graph.terms.text(graph.spaces.row(resource.space - 1).text))
            {
                isManaged = manages(space)
            }
            managed[resource.space] = isManaged
            if isManaged { held.insert(.manager) } else { managesAll = false }
        }
        if managesAll, !managed.isEmpty { held.insert(.managerOfAll) }
        return held.intersection(allowed)
    }

    /// True for who holds the ability by which spaces of its family are managed.
    public func manages(_ principal: DID, _ space: Space, at now: Timestamp) -> Bool {
        guard let ability = graph.families[space.family]?.managing else { return false }
        let question = CheckQuestion(principal: principal, ability: ability, resource: Resource(space: space))
        return check(question, at: now).isAllowed
    }
}
