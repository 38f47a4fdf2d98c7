public import Multiformats

/// Reads and writes the JSON Web Keys of the three curves; `JWKMember` says what may stand in one.
enum JWK {
    /// Reads a public key; throws `privateKeyShown` when the private half stands beside it.
    static func publicKey(_ json: JSON) throws(UCANError) -> PublicKey {
        let members = try members(of: json)
        for (name, _) in members.members where JWKMember.rule(for: name) == .secret {
            throw UCANError(.privateKeyShown, "the key shows its private member `\(name)`, which nobody else may have")
        }
        return try publicHalf(members)
    }

    static func privateKey(_ json: JSON) throws(UCANError) -> PrivateKey {
        let members = try members(of: json)
        for (name, _) in members.members where JWKMember.rule(for: name) == .secret && !name.isExactly("d") {
            throw JWKMember.malformed("the private member `\(name)` belongs to another type of key")
        }
        let key = try publicHalf(members)
        guard let d = members["d"] else { throw JWKMember.malformed("the key has no private member `d`") }
        guard let secret = coordinate(d) else {
            throw JWKMember.malformed("the private member `d` is not 32 bytes in base64url")
        }
        let made = try PrivateKey(curve: key.curve, seed: secret.bytes)
        guard made.publicKey == key else {
            throw UCANError(.keyMismatch, "the private and the public part of the key do not belong together")
        }
        return made
    }

    private static func members(of json: JSON) throws(UCANError) -> JSONObject {
        guard case .object(let members) = json else { throw JWKMember.malformed("a key is a JSON object") }
        guard members.count <= JWKMember.maximumCount else {
            throw UCANError(.limitExceeded, "a key has at most \(JWKMember.maximumCount) members")
        }
        return members
    }

    private static func publicHalf(_ members: JSONObject) throws(UCANError) -> PublicKey {
        let name = members["crv"]?.string
        guard let curve = Curve.allCases.first(where: { name.isExactly($0.jwkName) }) else {
            throw JWKMember.malformed("the key's `crv` is none of `Ed25519`, `P-256` and `secp256k1`")
        }
        guard members["kty"]?.string.isExactly(curve.jwkType) == true else {
            throw JWKMember.malformed("the key's `kty` is not `\(curve.jwkType)`, the type of `\(curve.jwkName)`")
        }
        for (name, value) in members.members { try JWKMember.check(name, value, of: curve) }
        guard let x = coordinate(members["x"]) else {
            throw JWKMember.malformed("the key's `x` is not 32 bytes in base64url")
        }
        guard curve != .ed25519 else {
            guard members["y"] == nil else { throw JWKMember.malformed("a key of `Ed25519` has no `y`") }
            return try PublicKey(curve: curve, bytes: x.bytes)
        }
        guard let y = coordinate(members["y"]) else {
            throw JWKMember.malformed("the key's `y` is not 32 bytes in base64url")
        }
        return try PublicKey(curve: curve, x: x, y: y)
    }

    private static func coordinate(_ value: JSON?) -> Digest? {
        guard let text = value?.string, let bytes = Base64URL.decode(text.utf8) else { return nil }
        return Digest(bytes)
    }

    /// Members in the order `alg, crv, (d,) kty, x(, y)`, which is also their bytewise order.
    static func json(_ key: PublicKey, secret: [UInt8]? = nil) -> JSON {
        var members: [(key: String, value: JSON)] = [
            ("alg", .string(key.curve.algorithm)), ("crv", .string(key.curve.jwkName)),
        ]
        if let secret { members.append(("d", .string(Base64URL.encode(secret)))) }
        members.append(("kty", .string(key.curve.jwkType)))
        members.append(("x", .string(Base64URL.encode(key.body.bytes))))
        if let y = key.y { members.append(("y", .string(Base64URL.encode(y.bytes)))) }
        // The names are literals and differ.
        return .object(JSONObject(members) ?? JSONObject())
    }
}

extension PublicKey {
    /// Reads a public JWK, with whatever a standard lets stand beside the key; throws `malformedKey`, `limitExceeded`,
    /// or `privateKeyShown` for a private one.
    public init(jwk: JSON) throws(UCANError) { self = try JWK.publicKey(jwk) }

    public var jwk: JSON { JWK.json(self) }
}

extension PrivateKey {
    /// Reads a private JWK and checks that both halves belong together; throws `malformedKey`, `limitExceeded` or
    /// `keyMismatch`.
    public init(jwk: JSON) throws(UCANError) { self = try JWK.privateKey(jwk) }

    /// The private JWK: a secret.
    public var jwk: JSON { JWK.json(publicKey, secret: seed) }
}

/// Says what each member of a JWK may hold: the one table that every reader of a key follows.
///
/// The members are those of RFC 7517 (4), RFC 7518 (6), RFC 8037 (2) and WebCrypto. Members that are not here are
/// ignored, as RFC 7517 demands; nothing that is ignored says which key it is.
enum JWKMember {
    /// Most members of a key, the unknown ones included; bytes are bounded by whatever the key came in.
    static let maximumCount = 32

    enum Rule: Equatable {
        /// Makes the key; read by `JWK`.
        case part
        /// The private half of a key, of whatever type.
        case secret
        /// Makes a key of a type that nothing is signed with here.
        case otherType
        /// The algorithm of the key's type.
        case algorithm
        /// `sig`: any other word says that the key is for something else.
        case use
        /// Distinct texts, among which `sign` or `verify` when there are any: a public half keeps its owner's `sign`.
        case operations
        /// Text of at most so many bytes.
        case text(Int)
        /// At least one text, and at most so many of so many bytes.
        case texts(count: Int, bytes: Int)
        case flag
    }

    static let rules: [(name: String, rule: Rule)] = [
        ("kty", .part), ("crv", .part), ("x", .part), ("y", .part),
        ("alg", .algorithm), ("use", .use), ("key_ops", .operations), ("kid", .text(1024)), ("ext", .flag),
        // Of certificates nothing is fetched or read, so they can neither help nor harm.
        ("x5u", .text(2048)), ("x5c", .texts(count: 8, bytes: 8192)), ("x5t", .text(128)), ("x5t#S256", .text(128)),
        ("d", .secret), ("p", .secret), ("q", .secret), ("dp", .secret), ("dq", .secret), ("qi", .secret),
        ("oth", .secret), ("k", .secret), ("priv", .secret),
        ("n", .otherType), ("e", .otherType), ("pub", .otherType),
    ]

    static func rule(for name: String) -> Rule? { rules.first { $0.name.isExactly(name) }?.rule }

    /// Checks a member that says something about a key besides which it is; throws `malformedKey`.
    static func check(_ name: String, _ value: JSON, of curve: Curve) throws(UCANError) {
        switch rule(for: name) {
        case nil, .part, .secret: break
        case .otherType: throw malformed("the member `\(name)` belongs to another type of key")
        case .algorithm:
            guard let text = value.string, curve.isAlgorithm(text) else {
                throw malformed(
                    "the key's `alg` is not `\(curve.algorithm)`, which its curve `\(curve.jwkName)` signs with")
            }
        case .use:
            guard value.string.isExactly("sig") else { throw malformed("the key's `use` is not `sig`") }
        case .operations: try checkOperations(value)
        case .text(let bytes):
            guard let text = value.string, text.utf8.count <= bytes else {
                throw malformed("the key's `\(name)` is no text of at most \(bytes) bytes")
            }
        case .texts(let count, let bytes):
            guard let items = value.array, (1...count).contains(items.count),
                items.allSatisfy({ ($0.string?.utf8.count).map { $0 <= bytes } ?? false })
            else { throw malformed("the key's `\(name)` is no list of 1 to \(count) texts of at most \(bytes) bytes") }
        case .flag:
            guard value.bool != nil else { throw malformed("the key's `\(name)` is neither true nor false") }
        }
    }

    private static func checkOperations(_ value: JSON) throws(UCANError) {
        guard let items = value.array, items.count <= 16,
            items.allSatisfy({ ($0.string?.utf8.count).map { $0 <= 64 } ?? false }), Set(items).count == items.count
        else { throw malformed("the key's `key_ops` is no list of at most 16 different texts") }
        guard items.isEmpty || items.contains("sign") || items.contains("verify") else {
            throw malformed("the key's `key_ops` has neither `sign` nor `verify`")
        }
    }

    static func malformed(_ message: String) -> UCANError { UCANError(.malformedKey, message) }
}
