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
        let made = try PrivateKey(curve: key.curve, seed: secret)
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
            return try PublicKey(curve: curve, bytes: x)
        }
        guard let y = coordinate(members["y"]) else {
            throw JWKMember.malformed("the key's `y` is not 32 bytes in base64url")
        }
        let key = try PublicKey(curve: curve, bytes: [2 | (y[31] & 1)] + x)
        guard key.coordinates?.y == y else { throw JWKMember.malformed("the key is no point of its curve") }
        return key
    }

    private static func coordinate(_ value: JSON?) -> [UInt8]? {
        guard let text = value?.string, let bytes = Base64URL.decode(text.utf8), bytes.count == 32 else { return nil }
        return bytes
    }

    /// Members in the order `alg, crv, (d,) kty, x(, y)`, which is also their bytewise order.
    static func json(_ key: PublicKey, secret: [UInt8]? = nil) -> JSON {
        var members: [(key: String, value: JSON)] = [
            ("alg", .string(key.curve.algorithm)), ("crv", .string(key.curve.jwkName)),
        ]
        if let secret { members.append(("d", .string(Base64URL.encode(secret)))) }
        members.append(("kty", .string(key.curve.jwkType)))
        members.append(("x", .string(Base64URL.encode(key.body.bytes))))
        if let y = key.coordinates?.y { members.append(("y", .string(Base64URL.encode(y)))) }
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
