import ATProto
import CapClient
import Multiformats
import UCAN

/// Reads a space with a credential: each request carries a fresh proof by the key the credential is bound to.
struct CredentialReader: Sendable {
    let client: XRPCClient
    let credential: String
    let key: PrivateKey
    /// Reads the clock, in microseconds since 1970: proofs are valid for a minute.
    let clock: @Sendable () -> Int64

    /// Adds the credential and a proof for this one request (RFC 9449).
    func proving(_ request: XRPCRequest) throws(ClientError) -> XRPCRequest {
        var request = request
        let question = DPoPProof.Request(
            method: request.verb == .query ? "GET" : "POST", url: client.url(of: request.nsid),
            accessToken: credential)
        do throws(ATProtoError) {
            let proof = try DPoPProof.make(for: question, key: key, at: Timestamp(microseconds: clock()))
            request.headers.append(("DPoP", proof))
        } catch {
            throw ClientError(.invalidRequest, error.message)
        }
        request.authorization = "DPoP \(credential)"
        return request
    }
}

/// Reads spaces, with the session of an account or with a credential.
enum SpaceReader: Sendable {
    case session(XRPCSession)
    case credential(CredentialReader)

    func json(_ request: XRPCRequest) throws(ClientError) -> JSON {
        switch self {
        case .session(let session): try session.json(request)
        case .credential(let reader): try reader.client.json(try reader.proving(request))
        }
    }

    /// Hands the bytes of an answer to `take` as they arrive; it returns false to end the transfer.
    func download(_ request: XRPCRequest, _ take: (UnsafeRawBufferPointer) -> Bool) throws(ClientError) {
        switch self {
        case .session(let session): try session.download(request, reader: take)
        case .credential(let reader): try reader.client.download(try reader.proving(request), reader: take)
        }
    }

    var client: XRPCClient {
        switch self {
        case .session(let session): session.client
        case .credential(let reader): reader.client
        }
    }

    /// Gives the same reader at the host of a repo; a session is good at its own service only.
    func at(_ host: String?) throws(Failure) -> SpaceReader {
        guard case .credential(let reader) = self, let host, !host.hasSameBytes(as: client.baseURL.description) else {
            return self
        }
        return .credential(
            CredentialReader(
                client: try IdentityLookup.connect(host), credential: reader.credential, key: reader.key,
                clock: reader.clock))
    }
}
