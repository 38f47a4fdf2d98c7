import ATProto
import Multiformats

extension ActingAccount {
    /// Reads a principal: `me`, a DID, a space whose members count, or a handle, which the service resolves.
    func principal(_ typed: String) throws(Failure) -> String {
        if typed.hasSameBytes(as: "me") { return did }
        if SpaceChoice.isSpace(typed) || typed.utf8.contains(UInt8(ascii: "/")) {
            return try SpaceChoice.parse(typed, of: did).text
        }
        if typed.utf8.starts(with: "did:".utf8) {
            guard ATProtoDID.isValid(typed) else { throw .usage("`\(typed)` is not a DID") }
            return typed
        }
        if let session = try place.store.find(typed), session.url.hasSameBytes(as: account.url) { return session.did }
        let handle = try place.handle(typed)
        let answer = try query("com.atproto.identity.resolveHandle", [("handle", handle)])
        guard let did = answer["did"]?.string, ATProtoDID.isValid(did) else {
            throw Failure(.failure, "the service names no DID for `\(handle)`")
        }
        return did
    }
}
