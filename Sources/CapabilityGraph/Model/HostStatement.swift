public import Multiformats
public import UCAN

/// What this host states of its own accord after it judged a request: a member added, a policy set, a token minted.
///
/// Nobody else signed it, so it names the edges it rests on itself: with `proofs`, each capability rests on those of
/// their capabilities that cover it, also where the issuer controls the resource, and dies with them; without, the
/// issuer must control every resource.
public struct HostStatement: Sendable {
    public var kind: EdgeKind
    public var issuer: DID
    public var audience: DID
    public var capabilities: [Capability]
    public var notBefore: Timestamp?
    public var expires: Timestamp?
    public var proofs: [Snapshot.EdgeID]
    /// Whose request made it, when that is not the issuer.
    public var actor: DID?
    /// What the caveats of its proofs were held against when the host judged the request: they are met once, at the
    /// making, and the statement carries those only that it names itself.
    public var met: CheckContext?
    /// The signed token that carries it to others, when there is one; else its own DAG-CBOR form stands for it.
    public var token: [UInt8]?
    /// What the statement says beside its capabilities, in the words of its family: a level, a bound, whose it is. What a
    /// decision or a projection uses stands here or in the edge, nowhere else.
    public var facts: CBORMap?
    /// Makes two statements of the same words two edges.
    public var nonce: [UInt8]

    /// What a credential of somebody rests on who is a member through ten spaces: in each a membership and the policy above
    /// it, and an application's and a session's edge.
    static let maximumProofs = 2 * 10 + 2

    public init(
        kind: EdgeKind, issuer: DID, audience: DID, capabilities: [Capability], notBefore: Timestamp? = nil,
        expires: Timestamp? = nil, proofs: [Snapshot.EdgeID] = [], actor: DID? = nil, token: [UInt8]? = nil,
        facts: CBORMap? = nil
    ) {
        self.kind = kind
        self.issuer = issuer
        self.audience = audience
        self.capabilities = capabilities
        self.notBefore = notBefore
        self.expires = expires
        self.proofs = proofs
        self.actor = actor
        self.token = token
        self.facts = facts
        var generator = SystemRandomNumberGenerator()
        nonce = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// The bytes that are kept and whose hash names the edge.
    func bytes(at now: Timestamp, in graph: Snapshot) -> [UInt8] {
        if let token { return token }
        var map = CBORMap()
        map["kind"] = .text(kind.name)
        map["iss"] = .text(issuer.text)
        map["aud"] = .text(audience.text)
        map["iat"] = .int(now.microseconds)
        map["nonce"] = .bytes(nonce)
        map["cap"] = .array(
            capabilities.map { capability in
                let named: [CBOR] = [.text(capability.resource.text), .text(capability.ability.text)]
                let caveats = capability.caveats
                return .array(caveats.isEmpty ? named : named + [.bytes(caveats.canonicalBytes)])
            })
        if let notBefore { map["nbf"] = .int(notBefore.microseconds) }
        if let expires { map["exp"] = .int(expires.microseconds) }
        if let actor { map["by"] = .text(actor.text) }
        if let facts { map["fct"] = .map(facts) }
        if !proofs.isEmpty { map["prf"] = .array(proofs.map { .text(graph.cidText($0.raw)) }) }
        return CBOR.map(map).encoded()
    }
}

/// What became of a host statement.
public enum HostAdmission: Sendable {
    case admitted(Admitted, id: Multihash, bytes: [UInt8])
    case refused(Refusal)
}

/// What a projection learns of one entry of the log: at its writing and at every replay, the same.
public enum AppliedEntry: Sendable {
    /// An edge this host stated, by whose request, and the facts of its statement.
    case admitted(Snapshot.EdgeID, actor: DID?, facts: CBORMap)
    /// An edge this host stated was ended: its view says by whom, and whether another one stands in its place.
    case ended(Snapshot.EdgeID)
    /// A statement of this host that is no edge.
    case noted(CBORMap)
}
