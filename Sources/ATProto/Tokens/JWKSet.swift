public import Multiformats
public import UCAN

/// Holds the public keys of a client or an issuer (RFC 7517), of the curves that are verified with.
public struct JWKSet: Sendable {
    /// Longest set that is read, in bytes, and most keys in it.
    public static let maximumLength = 64 << 10
    public static let maximumCount = 64

    public struct Entry: Hashable, Sendable {
        /// Its `kid`.
        public let id: String?
        public let key: PublicKey
    }

    public let entries: [Entry]

    /// Reads `{keys: […]}`; keys of other types and uses and malformed ones are left out (RFC 7517, section 5).
    ///
    /// Throws `InvalidJwks` for a set of another form, or one that shows a private key.
    public init(_ json: JSON) throws(ATProtoError) {
        guard let keys = json["keys"]?.array, keys.count <= JWKSet.maximumCount else {
            throw JWKSet.error("the set has no `keys`, or more than \(JWKSet.maximumCount)")
        }
        var entries: [Entry] = []
        for json in keys {
            guard json.object != nil else { throw JWKSet.error("a key of the set is no object") }
            do throws(UCANError) {
                let key = try PublicKey(jwk: json)
                entries.append(Entry(id: json["kid"]?.string, key: key))
            } catch {
                guard error.code != .privateKeyShown else {
                    throw JWKSet.error("the set is not public: \(error.message)")
                }
            }
        }
        self.entries = entries
    }

    /// Parses a set, strictly and bounded.
    public init(parsing bytes: [UInt8]) throws(ATProtoError) {
        let limits = JSONLimits(maxBytes: JWKSet.maximumLength, maxDepth: 8, maxMembers: 4096)
        guard let json = try? JSON.parse(bytes, limits: limits) else { throw JWKSet.error("the set is no strict JSON") }
        try self.init(json)
    }

    /// Gives the key with an id; nil when none or several have it.
    public func key(_ id: String) -> PublicKey? {
        let found = entries.filter { $0.id.isExactly(id) }
        return found.count == 1 ? found[0].key : nil
    }

    private static func error(_ message: String) -> ATProtoError { ATProtoError("InvalidJwks", message) }
}

/// Computes and checks RFC 7638 thumbprints.
enum JWKThumbprint {
    /// Tests that a text is the base64url of 32 bytes.
    static func isValid(_ text: String) -> Bool { Base64URL.decode(text.utf8)?.count == 32 }
}

extension PublicKey {
    /// The RFC 7638 thumbprint: base64url of the SHA-256 of the required members, sorted, without blanks.
    public var thumbprint: String {
        let required = ["crv", "kty", "x", "y"]
        let members = jwk.object?.sortedMembers.filter { required.contains($0.key) } ?? []
        return Base64URL.encode(SHA256.hash(JSON.object(JSONObject(members) ?? JSONObject()).serialized()).bytes)
    }
}
