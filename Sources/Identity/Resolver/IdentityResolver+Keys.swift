package import ATProto
import Synchronization
package import UCAN

extension IdentityResolver {
    /// Runs a verification with the keys of DID documents. When a signature does not fit, the documents that were
    /// remembered are asked for anew, once, and the verification runs again if a key it used has changed (section 2).
    ///
    /// Throws what `verify` throws, and `ResolutionError.mustWaitError` where waiting is not allowed.
    package func verifying<Value>(
        mayWait: Bool, _ verify: (KeySource) throws(ATProtoError) -> Value
    ) throws(ATProtoError) -> Value {
        var used: [KeyName: PublicKey?] = [:]
        let first: ATProtoError
        do throws(ATProtoError) {
            return try verify { did, keyID throws(ATProtoError) in
                let key = try self.key(keyID, of: did, .remembered, mayWait: mayWait)
                used[KeyName(did: did, id: keyID)] = .some(key)
                return key
            }
        } catch {
            first = error
        }
        guard first.name == "BadJwtSignature" || first.name == "BadJwtIss", !used.isEmpty else { throw first }
        var hasChanged = false
        for (name, old) in used where !name.did.utf8.starts(with: "did:key:".utf8) {
            let new = try? key(name.id, of: name.did, .new, mayWait: mayWait)
            if !mayWait { throw ResolutionError.mustWaitError }
            if let new, new != old { hasChanged = true }
        }
        guard hasChanged else { throw first }
        return try verify { did, keyID throws(ATProtoError) in
            try self.key(keyID, of: did, .remembered, mayWait: mayWait)
        }
    }

    /// The key a DID publishes under a fragment; nil when it publishes none.
    package func key(
        _ keyID: String, of did: String, _ freshness: Freshness = .remembered, mayWait: Bool
    ) throws(ATProtoError) -> PublicKey? {
        let document: DIDDocument
        do {
            document = try self.document(of: did, freshness, mayWait: mayWait)
        } catch let error as ResolutionError {
            throw error.tokenError
        } catch {
            throw ATProtoError("InternalServerError", "the issuer could not be looked up: \(error)")
        }
        return try document.key(keyID)
    }

    private struct KeyName: Hashable {
        let did: String
        let id: String
    }
}
