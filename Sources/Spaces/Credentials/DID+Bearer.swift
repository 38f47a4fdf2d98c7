import CapabilityGraph
package import Multiformats
package import UCAN

extension DID {
    /// Whoever shows a token that is bound to no key, by the BLAKE3 hash of its text (profile X).
    package init(bearer digest: Digest) throws {
        try self.init(session: "bearer-" + Base64URL.encode(digest.bytes))
    }
}
