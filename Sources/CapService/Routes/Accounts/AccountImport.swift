import ATProto
import Identity
import Multiformats
import Spaces
import UCAN

/// Checks that a caller who brings a DID of its own controls it.
///
/// Either the private `#atproto` key comes along as a JWK in `signingKey`, and this host signs for the account from now
/// on; or the caller shows service authentication by that key for `com.atproto.server.createAccount`, and keeps it.
struct AccountImport {
    private let call: XRPCCall
    private let did: DID
    private let key: NewAccount.Key
    private let isDocumentedHere: Bool

    init(_ call: XRPCCall, did text: String) throws {
        self.call = call
        guard let did = try? DID(text), [.web, .plc].contains(did.kind) || did.text.utf8.starts(with: "did:key:".utf8)
        else { throw XRPCError.invalidRequest("`did` is not a did:key, did:web or did:plc") }
        self.did = did
        // Nobody else publishes a document for a key.
        isDocumentedHere = did.text.utf8.starts(with: "did:key:".utf8)
        let published = try Self.publishedKey(did, call)
        guard let json = try call.input.value("signingKey") else {
            try Self.requireServiceAuthentication(did, call)
            key = .external(published)
            return
        }
        let secret: PrivateKey
        do {
            secret = try PrivateKey(jwk: json)
        } catch {
            throw XRPCError.invalidRequest("`signingKey` is no private JWK: \(error.message)")
        }
        guard secret.curve != .ed25519 else {
            throw XRPCError.invalidRequest("`signingKey` is not a key of P-256 or secp256k1")
        }
        guard secret.publicKey == published else {
            throw XRPCError("IncompatibleDidDoc", "`signingKey` is not the key `#atproto` that the DID publishes")
        }
        key = .imported(secret)
    }

    func account(handle: Handle, password: String) throws(IdentityError) -> NewAccount {
        try NewAccount(
            handle: handle, password: password, did: did, key: key, isDocumentedHere: isDocumentedHere)
    }

    private static func publishedKey(_ did: DID, _ call: XRPCCall) throws -> PublicKey {
        do {
            let document = try call.service.resolver.document(of: did.text, .certain)
            guard let key = try document.key(KeyID.account) else {
                throw XRPCError("IncompatibleDidDoc", "the DID publishes no key `#atproto`")
            }
            return key
        } catch let error as ResolutionError {
            throw XRPCError(error)
        } catch let error as ATProtoError {
            throw XRPCError("IncompatibleDidDoc", error.message)
        }
    }

    private static func requireServiceAuthentication(_ did: DID, _ call: XRPCCall) throws {
        guard case .serviceAuth(let token) = try call.presented() else {
            throw XRPCError("AuthMissing", "a DID of your own needs its `signingKey` or service authentication")
        }
        guard case .service(let issuer, _, _, _) = try call.serviceCaller(token), issuer == did else {
            throw XRPCError("Forbidden", "the service authentication is another account's")
        }
    }
}
