import ATProto
import CapabilityGraph
import Multiformats
import Spaces
import UCAN

extension XRPCCall {
    /// The caller of an unbound credential of profile X, which the classification lets through only where it is on
    /// (section 4.9). Whoever has seen the token may use it, so its own hash is the principal.
    func legacyCaller(_ text: String, _ form: LegacyToken.Form) throws -> Caller {
        let token = try verifying { keys throws(ATProtoError) in
            // An authority without a key for its spaces signs with its account's (section 2).
            try LegacyToken.verify(
                text, form: form,
                keys: { did, keyID throws(ATProtoError) in
                    if let key = try keys(did, keyID) { return key }
                    return keyID == KeyID.space ? try keys(did, KeyID.account) : nil
                }, at: now)
        }
        let digest = BLAKE3.hash(Array(text.utf8))
        return .credential(
            space: token.space, key: try DID(bearer: digest), edge: Multihash(code: .blake3_256, digest: digest),
            jti: token.id ?? Base16.encode(digest.bytes), expires: Timestamp(seconds: token.expiresAt))
    }
}
