/// Holds a delegation as text and numbers alone, for the reference evaluator and for builders of statements.
public struct PlainStatement: Sendable, Hashable {
    /// Names the bytes; two encodings of one statement differ here.
    public var id: String
    /// Names what was signed; twins share it.
    public var statement: String
    public var isCacao: Bool
    public var issuer: String
    public var audience: String
    public var capabilities: [PlainCapability]
    /// Microseconds since 1970, like every time here.
    public var notBefore: Int64?
    public var expires: Int64?
    public var proofs: [String]
    public var isTerminal: Bool

    public init(
        id: String, statement: String? = nil, isCacao: Bool = false, issuer: String, audience: String,
        capabilities: [PlainCapability], notBefore: Int64? = nil, expires: Int64? = nil, proofs: [String] = [],
        isTerminal: Bool = false
    ) {
        self.id = id
        self.statement = statement ?? "signed " + id
        self.isCacao = isCacao
        self.issuer = issuer
        self.audience = audience
        self.capabilities = capabilities
        self.notBefore = notBefore
        self.expires = expires
        self.proofs = proofs
        self.isTerminal = isTerminal
    }
}

/// Holds one ability on one resource as text.
public struct PlainCapability: Sendable, Hashable {
    public var resource: String
    public var ability: String
    public var caveats: [PlainCaveat]

    public init(_ resource: String, _ ability: String, _ caveats: [PlainCaveat] = []) {
        self.resource = resource
        self.ability = ability
        self.caveats = caveats
    }
}

/// Holds one caveat as plain values.
public enum PlainCaveat: Sendable, Hashable {
    /// `{"note": <text>}`: an object no rule knows.
    case note(String)
    /// `{"type": "xyz.tinycloud.resource/selector", "kind": "exact" or "prefix", "value": <text>}`
    case selector(isPrefix: Bool, value: String)
    /// `{"mode": "constrained-statements", …}`
    case sql(readOnly: Bool, statements: [PlainQuery])
}

/// Holds a named SQL statement with pinned parameters.
public struct PlainQuery: Sendable, Hashable {
    public var name: String
    public var sql: String
    public var pinned: [Int: String]

    public init(name: String, sql: String, pinned: [Int: String] = [:]) {
        self.name = name
        self.sql = sql
        self.pinned = pinned
    }
}

/// Holds a wish to end a delegation as text.
public struct PlainRevocation: Sendable, Hashable {
    public var id: String
    public var target: String
    public var signer: String
    public var proofs: [String]

    public init(id: String, target: String, signer: String, proofs: [String] = []) {
        self.id = id
        self.target = target
        self.signer = signer
        self.proofs = proofs
    }
}
