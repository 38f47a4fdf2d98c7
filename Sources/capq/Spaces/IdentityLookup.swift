import ATProto
import CapClient
import Multiformats
import UCAN

/// Looks up keys and hosts of DIDs: of `did:key` in the DID itself, of others through a service.
struct IdentityLookup: Sendable {
    let client: XRPCClient

    /// Resolves a document: `com.atproto.identity.resolveDid`.
    func document(of did: String) throws(CommandError) -> DIDDocument {
        let answer = try CommandError.ofXRPC { () throws(ClientError) in
            try client.json(.query("com.atproto.identity.resolveDid", [("did", did)]))
        }
        guard let json = answer["didDoc"] else {
            throw CommandError(.failure, "the service gave no document of `\(did)`")
        }
        return try CommandError.ofProtocol { () throws(ATProtoError) in try DIDDocument(json, of: did) }
    }

    /// Finds the key an author signs commits with, and the host of the author's repo where one is named.
    func author(_ did: String) throws(CommandError) -> (key: PublicKey, host: String?) {
        if did.utf8.starts(with: "did:key:".utf8), let name = try? DID(did), let key = try? PublicKey(did: name) {
            return (key, nil)
        }
        let document = try document(of: did)
        let found = try CommandError.ofProtocol { () throws(ATProtoError) in
            (try document.key(KeyID.account), try document.endpoint(ServiceID.personalDataServer))
        }
        guard let key = found.0 else { throw CommandError(.deny, "`\(did)` publishes no key to check commits with") }
        return (key, found.1)
    }

    /// Finds where the host of a space is, by the document of its authority.
    func host(of space: SpaceURI) throws(CommandError) -> String {
        let document = try document(of: space.authority)
        let host = try CommandError.ofProtocol { () throws(ATProtoError) in try document.spaceHost()?.endpoint }
        guard let host else { throw CommandError(.unreachable, "`\(space.authority)` names no host of its spaces") }
        return host
    }

    /// Gives the keys of tokens to the protocol's own checks.
    func key(_ did: String, _ keyID: String) throws(ATProtoError) -> PublicKey? {
        let document: DIDDocument
        do throws(CommandError) {
            document = try self.document(of: did)
        } catch {
            throw ATProtoError("BadJwtIss", error.message)
        }
        return try document.key(keyID)
    }

    /// Connects to a host that a document names; tokens go over plain HTTP only within this machine.
    static func connect(_ url: String) throws(CommandError) -> XRPCClient {
        let client = try CommandError.ofService { () throws(ClientError) in
            try XRPCClient(baseURL: url, maxResponseBytes: AccountService.maxResponseBytes)
        }
        guard client.baseURL.isEncrypted || client.baseURL.isLoopback else {
            throw CommandError(.failure, "`\(url)` is not encrypted: nothing is sent there")
        }
        return client
    }
}
