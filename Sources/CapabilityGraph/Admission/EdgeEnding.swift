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
}

extension EdgeKind {
    /// Who may end an edge of this kind, whichever door it is ended by.
    ///
    /// What somebody signed may carry other spaces too, so that it is not one manager's to take. Nobody ends what carries a
    /// space itself, its ownership and what its list of members rests on: it is changed or deleted.
    public var endedBy: EndRight {
        switch self {
        case .cacao, .ucan: [.issuer, .audience, .authority]
        case .membership, .policy, .appAccess, .invite: [.authority, .manager]
        case .ownership: []
        case .session: [.issuer]
        case .delegationToken: [.issuer, .authority, .manager]
        case .spaceCredential: [.audience, .authority, .manager]
        }
    }
}

extension Snapshot {
    /// True for who may end an edge (`EdgeKind.endedBy`).
    public func mayEnd(_ principal: DID, _ edge: EdgeID, at now: Timestamp) -> Bool {
        let rights = view(edge).kind.endedBy
        guard let number = self.principal(principal) else { return false }
        let info = graph.info[edge.raw]
        if rights.contains(.issuer), info.issuer == number { return true }
        if rights.contains(.audience), info.audience == number { return true }
        var spaces: Set<UInt32> = []
        for capability in capabilities(of: edge.raw) {
            let resource = graph.resources.row(graph.capabilities[capability].resource)
            if rights.contains(.authority), resource.authority == number { return true }
            if resource.space != 0 { spaces.insert(resource.space - 1) }
        }
        guard rights.contains(.manager) else { return false }
        return spaces.contains { number in
            guard let space = try? Space(graph.terms.text(graph.spaces.row(number).text)), space.family == .atproto
            else { return false }
            let question = CheckQuestion(
                principal: principal, ability: .spaceManageUpdate, resource: .atproto(space: space, path: nil))
            return check(question, at: now).isAllowed
        }
    }
}
