public import Multiformats

/// Reads and writes the JSON Web Keys of the three curves, accepting no member it does not know.
enum JWK {
    /// Reads a public key; `alg`, when present, must be the curve's algorithm.
    static func publicKey(_ json: JSON) throws(UCANError) -> PublicKey {
        let (key, _) = try read(json, secretAllowed: false)
        return key
    }

    static func privateKey(_ json: JSON) throws(UCANError) -> PrivateKey {
        let (key, secret) = try read(json, secretAllowed: true)
        guard let secret else { throw UCANError(.malformedKey, "the key has no private member `d`") }
        let made = try PrivateKey(curve: key.curve, seed: secret)
        guard made.publicKey == key else {
            throw UCANError(.keyMismatch, "the private and the public part of the key do not belong together")
        }
        return made
    }

    private static func read(_ json: JSON, secretAllowed: Bool) throws(UCANError) -> (PublicKey, [UInt8]?) {
        guard case .object(let members) = json else { throw UCANError(.malformedKey, "a key is a JSON object") }
        var known = 0
        func member(_ name: String) throws(UCANError) -> String? {
            guard let value = members[name] else { return nil }
            guard let text = value.string else { throw UCANError(.malformedKey, "the key's `\(name)` is no text") }
            known += 1
            return text
        }
        let (kty, crv, alg) = (try member("kty"), try member("crv"), try member("alg"))
        let (x, y) = (try member("x"), try member("y"))
        let d = secretAllowed ? try member("d") : nil
        guard known == members.count else {
            throw UCANError(.malformedKey, "the key has a member that is not allowed here")
        }
        guard let curve = Curve.allCases.first(where: { crv.isExactly($0.jwkName) }),
            kty.isExactly(curve == .ed25519 ? "OKP" : "EC"),
            alg == nil || alg.isExactly(curve.algorithm),
            (y == nil) == (curve == .ed25519),
            let x = coordinate(x)
        else { throw UCANError(.malformedKey, "the key's `kty`, `crv`, `alg` and coordinates do not fit together") }
        var secret: [UInt8]?
        if let d {
            secret = coordinate(d)
            guard secret != nil else { throw UCANError(.malformedKey, "the private member `d` is not 32 bytes") }
        }
        guard curve != .ed25519 else { return (try PublicKey(curve: curve, bytes: x), secret) }
        guard let y = coordinate(y) else {
            throw UCANError(.malformedKey, "the key's coordinate `y` is not 32 bytes")
        }
        let key = try PublicKey(curve: curve, bytes: [2 | (y[31] & 1)] + x)
        guard key.coordinates?.y == y else { throw UCANError(.malformedKey, "the key is no point of its curve") }
        return (key, secret)
    }

    private static func coordinate(_ text: String?) -> [UInt8]? {
        guard let text, let bytes = Base64URL.decode(text.utf8), bytes.count == 32 else { return nil }
        return bytes
    }

    /// Members in the order `alg, crv, (d,) kty, x(, y)`, which is also their bytewise order.
    static func json(_ key: PublicKey, secret: [UInt8]? = nil) -> JSON {
        var members: [(key: String, value: JSON)] = [
            ("alg", .string(key.curve.algorithm)), ("crv", .string(key.curve.jwkName)),
        ]
        if let secret { members.append(("d", .string(Base64URL.encode(secret)))) }
        members.append(("kty", .string(key.curve == .ed25519 ? "OKP" : "EC")))
        members.append(("x", .string(Base64URL.encode(key.body.bytes))))
        if let y = key.coordinates?.y { members.append(("y", .string(Base64URL.encode(y)))) }
        // The names are literals and differ.
        return .object(JSONObject(members) ?? JSONObject())
    }
}

extension PublicKey {
    /// Reads a public JWK; throws `malformedKey`.
    public init(jwk: JSON) throws(UCANError) { self = try JWK.publicKey(jwk) }

    public var jwk: JSON { JWK.json(self) }
}

extension PrivateKey {
    /// Reads a private JWK and checks that both halves belong together; throws `malformedKey` or `keyMismatch`.
    public init(jwk: JSON) throws(UCANError) { self = try JWK.privateKey(jwk) }

    /// The private JWK: a secret.
    public var jwk: JSON { JWK.json(publicKey, secret: seed) }
}
