import Multiformats

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
