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

/// By what somebody may end an edge.
public struct EndRight: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    public static let issuer = EndRight(rawValue: 1)
    public static let audience = EndRight(rawValue: 2)
    /// Controls a space, network or account that the edge touches.
    public static let authority = EndRight(rawValue: 4)
    /// Manages a permissioned space that the edge touches.
    public static let manager = EndRight(rawValue: 8)
    /// Manages every place that the edge touches: what somebody signed may carry other spaces too.
    public static let managerOfAll = EndRight(rawValue: 16)
    /// Is who the edge was made for, though somebody else issued and holds it.
    public static let concerned = EndRight(rawValue: 32)
}

extension EdgeKind {
    /// Who may end an edge of this kind, whichever door it is ended by.
    ///
    /// What carries a space itself, its ownership and what its list of members rests on, its family lets nobody end alone.
    public var endedBy: EndRight {
        switch self {
        case .cacao, .ucan: [.issuer, .audience, .authority, .managerOfAll]
        case .membership, .ownership, .policy, .appAccess, .invite: [.authority, .manager]
        case .session: [.issuer]
        case .delegationToken: [.issuer, .authority, .manager]
        case .spaceCredential: [.audience, .authority, .manager, .concerned]
        }
    }
}

extension Snapshot {
    /// True for who may end an edge (`EdgeKind.endedBy`).
    public func mayEnd(_ principal: DID, _ edge: EdgeID, at now: Timestamp) -> Bool {
        let rights = rights(of: principal, toEnd: edge) { space in
            let question = CheckQuestion(
                principal: principal, ability: .spaceManageUpdate, resource: .atproto(space: space, path: nil))
            return check(question, at: now).isAllowed
        }
        return !rights.isEmpty
    }

    /// By which of the rights of its kind somebody may end an edge; empty for who may not. `manages` says of each
    /// permissioned space that the edge touches whether the principal manages it.
    public func rights(of principal: DID, toEnd edge: EdgeID, manages: (Space) -> Bool) -> EndRight {
        let allowed = view(edge).kind.endedBy
        let number = self.principal(principal) ?? ResolvedQuestion.nobody
        let info = graph.info[edge.raw]
        var held: EndRight = []
        if number != ResolvedQuestion.nobody {
            if info.issuer == number { held.insert(.issuer) }
            if info.audience == number { held.insert(.audience) }
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
                let space = try? Space(graph.terms.text(graph.spaces.row(resource.space - 1).text)),
                space.family == .atproto
            {
                isManaged = manages(space)
            }
            managed[resource.space] = isManaged
            if isManaged { held.insert(.manager) } else { managesAll = false }
        }
        if managesAll, !managed.isEmpty { held.insert(.managerOfAll) }
        return held.intersection(allowed)
    }
}
