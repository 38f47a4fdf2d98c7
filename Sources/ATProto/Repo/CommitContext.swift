import UCAN

/// Computes what a commit signs and how its key is derived (atproto-spaces.md 9).
enum CommitContext {
    static let tag = "atproto-space-v1"
    static let ikmByteCount = 32

    /// Gives `tag ‖ u16be(len) ‖ space ‖ … author ‖ … rev ‖ … ikm`; throws `InvalidCommit` for a field too long.
    static func bytes(space: String, author: String, rev: String, ikm: [UInt8]) throws(ATProtoError) -> [UInt8] {
        var bytes = Array(tag.utf8)
        for field in [Array(space.utf8), Array(author.utf8), Array(rev.utf8), ikm] {
            guard let count = UInt16(exactly: field.count) else {
                throw ATProtoError("InvalidCommit", "a field of the commit is longer than 65535 bytes")
            }
            bytes.append(UInt8(count >> 8))
            bytes.append(UInt8(truncatingIfNeeded: count))
            bytes.append(contentsOf: field)
        }
        return bytes
    }

    /// Gives HKDF-Expand-SHA256(PRK = ikm, info = ctx, 32 bytes): one block, no Extract step.
    static func key(ikm: [UInt8], context: [UInt8]) -> [UInt8] { HMACSHA256.code(of: context + [1], key: ikm) }

    static func mac(key: [UInt8], hash: [UInt8]) -> [UInt8] { HMACSHA256.code(of: hash, key: key) }
}
