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

    /// Reads `{keys: […]}`; keys of other types and uses are left out.
    ///
    /// Throws `InvalidJwks` for a set of another form, one that shows a private key, or a malformed key of our curves.
    public init(_ json: JSON) throws(ATProtoError) {
        guard let keys = json["keys"]?.array, keys.count <= JWKSet.maximumCount else {
            throw JWKSet.error("the set has no `keys`, or more than \(JWKSet.maximumCount)")
        }
        var entries: [Entry] = []
        for key in keys {
            guard key.object != nil else { throw JWKSet.error("a key of the set is no object") }
            guard JWKSet.isPublic(key) else { throw JWKSet.error("the set shows a private key") }
            guard JWKSet.isForSigning(key), JWKSet.isSupported(key) else { continue }
            entries.append(Entry(id: key["kid"]?.string, key: try JWKSet.publicKey(key)))
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

    /// Reads one public key of P-256, secp256k1 or Ed25519, tolerating members that do not change it, such as `kid`;
    /// throws `InvalidJwks`, also for a private key.
    public static func publicKey(_ json: JSON) throws(ATProtoError) -> PublicKey {
        guard isPublic(json) else { throw error("the key is private") }
        let meaningful = ["kty", "crv", "x", "y", "alg"]
        let members = json.object?.members.filter { member in meaningful.contains { $0.isExactly(member.key) } } ?? []
        guard let object = JSONObject(members), let key = try? PublicKey(jwk: .object(object)) else {
            throw error("the key is no sound public key of P-256, secp256k1 or Ed25519")
        }
        return key
    }

    private static func isPublic(_ key: JSON) -> Bool {
        !["d", "p", "q", "dp", "dq", "qi", "oth", "k"].contains { key[$0] != nil }
    }

    private static func isForSigning(_ key: JSON) -> Bool {
        let algorithms = Curve.allCases.map(\.algorithm)
        return (key["use"] == nil || key["use"]?.string.isExactly("sig") == true)
            && (key["alg"] == nil || algorithms.contains { key["alg"]?.string.isExactly($0) == true })
    }

    private static func isSupported(_ key: JSON) -> Bool {
        ["P-256", "secp256k1", "Ed25519"].contains { key["crv"]?.string.isExactly($0) == true }
    }

    private static func error(_ message: String) -> ATProtoError { ATProtoError("InvalidJwks", message) }
}
