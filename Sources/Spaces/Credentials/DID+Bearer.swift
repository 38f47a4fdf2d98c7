package import ATProto
import CapabilityGraph
package import Multiformats
package import UCAN

extension DID {
    /// Whoever shows a token that is bound to no key, by the BLAKE3 hash of its text (profile X).
    package init(bearer digest: Digest) throws {
        try self.init(session: "bearer-" + Base64URL.encode(digest.bytes))
    }
}

extension SpaceCredential.Binding {
    /// Who holds a credential that is bound so: whoever has the key, by its thumbprint in either profile.
    ///
    /// Never the key's did:key, which may sign invocations: a credential gives what it gives where it is presented.
    package var holder: DID {
        get throws {
            switch self {
            case .thumbprint(let thumbprint): try DID(thumbprint: thumbprint)
            case .key(let key): try DID(thumbprint: key.thumbprint)
            }
        }
    }
}
