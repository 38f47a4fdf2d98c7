import ATProto
import Identity
import UCAN

extension XRPCCall {
    /// Verifies with the keys that issuers publish; documents of other hosts are asked for anew once where a signature
    /// does not fit (atproto-spaces.md 2).
    ///
    /// Throws what `verify` throws, and `XRPCMustWait` where another host would have to be asked on a thread that must
    /// not wait.
    func verifying<Value>(_ verify: (KeySource) throws(ATProtoError) -> Value) throws -> Value {
        do throws(ATProtoError) {
            return try service.resolver.verifying(mayWait: mayWait, verify)
        } catch {
            guard error != ResolutionError.mustWaitError else { throw XRPCMustWait() }
            throw error
        }
    }

    /// The key a DID publishes now, as far as it is remembered; nil when it publishes none under that fragment.
    func key(_ keyID: String, of did: String) throws -> PublicKey? {
        if let account = try service.accounts.account(did: did), account.isDocumentedHere {
            return account.hostedKey(keyID)
        }
        do throws(ATProtoError) {
            return try service.resolver.key(keyID, of: did, mayWait: mayWait)
        } catch {
            guard error != ResolutionError.mustWaitError else { throw XRPCMustWait() }
            throw error
        }
    }
}
