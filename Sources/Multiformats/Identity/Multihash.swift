/// Names 32 bytes by the hash function that made them; only functions trusted for identity can be spelled.
public struct Multihash: Hashable, Sendable {
    /// Lists hash functions by their multicodec, spelled as in its table.
    public enum Code: UInt8, Sendable, CaseIterable {
        // swift-format-ignore: AlwaysUseLowerCamelCase
        case sha2_256 = 0x12
        // swift-format-ignore: AlwaysUseLowerCamelCase
        case blake3_256 = 0x1e
    }

    public let code: Code
    public let digest: Digest

    public init(code: Code, digest: Digest) {
        self.code = code
        self.digest = digest
    }

    /// Takes exactly 34 bytes: code, length 32, digest.
    public init(bytes: some Collection<UInt8>) throws(MultiformatsError) {
        var rest = bytes[...]
        guard let first = rest.popFirst(), let length = rest.popFirst() else {
            throw MultiformatsError(.truncated, "the multihash is shorter than its head")
        }
        guard let code = Code(rawValue: first) else {
            throw MultiformatsError(.unsupported, "the hash code `\(first)` is neither sha2-256 nor blake3-256")
        }
        guard length == 32, let digest = Digest(rest) else {
            throw MultiformatsError(.outOfRange, "the multihash does not hold exactly 32 bytes")
        }
        self.init(code: code, digest: digest)
    }

    /// Gives 34 bytes: code, length 32, digest.
    public var bytes: [UInt8] { [code.rawValue, 32] + digest.bytes }
}
