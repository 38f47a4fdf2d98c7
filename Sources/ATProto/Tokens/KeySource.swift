public import UCAN

/// Gives the key that a DID's document holds under a fragment such as `#atproto`; nil when it holds none.
///
/// Throws `InvalidDidDocument` for an entry that is malformed, which verification reports as `BadJwtIss`; whatever else
/// it throws, such as the failure to resolve, is passed on.
public typealias KeySource = (_ did: String, _ keyID: String) throws(ATProtoError) -> PublicKey?

extension CompactJWS {
    /// Looks the issuer's key up and checks the signature; throws `BadJwtIss` or `BadJwtSignature`.
    func verify(issuer: String, keyID: String, keys: KeySource, form: TokenSignature.Form) throws(ATProtoError) {
        // A foreign algorithm is refused before anything is resolved for it.
        guard Curve.allCases.contains(where: { $0 != .ed25519 && $0.isAlgorithm(algorithm) }) else {
            throw ATProtoError("BadJwtSignature", "the token's `alg` is neither `ES256` nor `ES256K`")
        }
        let key: PublicKey?
        do throws(ATProtoError) {
            key = try keys(issuer, keyID)
        } catch {
            throw error.name == DIDDocument.malformed ? ATProtoError("BadJwtIss", error.message) : error
        }
        guard let key else {
            throw ATProtoError("BadJwtIss", "the issuer publishes no key `\(keyID)`")
        }
        try verify(key: key, form: form)
    }
}

/// The fragments of a DID document that name keys, with their `#`, as `kid` writes them (section 2).
public enum KeyID {
    /// The user's key: delegation tokens, commits, service auth.
    public static let account = "#atproto"
    /// The authority's key for credentials.
    public static let space = "#atproto_space"
}

/// The fragments of a DID document that name services, with their `#` (section 2).
public enum ServiceID {
    public static let personalDataServer = "#atproto_pds"
    public static let spaceHost = "#atproto_space_host"
}
