package import ATProto
import Multiformats
package import Storage
package import UCAN

extension TokenUse {
    /// The mark that consumes the use: of its kind, its maker and its `jti`, whatever else the token says; it takes room of
    /// the `principal` that was verified to make the call.
    package func mark(of principal: DID) -> ReplayMark {
        var bytes = Array("atproto-token-use-v1".utf8)
        for part in [kind.rawValue, issuer, id] {
            // Lengths first, so that no two uses give the same bytes.
            withUnsafeBytes(of: UInt32(clamping: part.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes.append(contentsOf: part.utf8)
        }
        return ReplayMark(statement: BLAKE3.hash(bytes), expiresAt: until.microseconds, issuer: principal)
    }
}
