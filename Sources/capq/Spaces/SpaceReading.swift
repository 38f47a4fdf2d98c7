import ATProto
import CapClient
import Multiformats
import UCAN

/// Reads spaces at the hosts they and their repos lie at.
protocol SpaceReading: Sendable {
    func json(_ request: XRPCRequest) throws(ClientError) -> JSON

    /// Hands the bytes of an answer to `take` as they arrive; it returns false to end the transfer.
    func download(_ request: XRPCRequest, _ take: (UnsafeRawBufferPointer) -> Bool) throws(ClientError)

    /// Finds the key an author signs commits with, and how to read the author's repo.
    func author(_ did: String) throws(CommandError) -> (key: PublicKey, reader: any SpaceReading)

    /// Gives a reader with a connection of its own, for a stream that lasts while others are asked.
    func separate() -> any SpaceReading
}

extension Timeouts {
    /// Streams are quiet for longer than downloads; the service sends a sign of life in between.
    static let stream = Timeouts(connect: .seconds(5), total: .seconds(30), stall: .seconds(90))
}

/// Reads with the session of an account: what lies at its service and the account may read.
struct SessionReader: SpaceReading {
    let session: XRPCSession

    func json(_ request: XRPCRequest) throws(ClientError) -> JSON { try session.json(request) }

    func download(_ request: XRPCRequest, _ take: (UnsafeRawBufferPointer) -> Bool) throws(ClientError) {
        try session.download(request, reader: take)
    }

    func author(_ did: String) throws(CommandError) -> (key: PublicKey, reader: any SpaceReading) {
        // A session is good at its own service only.
        (try IdentityLookup(client: session.client).author(did).key, self)
    }

    func separate() -> any SpaceReading {
        SessionReader(session: session.over(session.client.separate(timeouts: .stream)))
    }
}

/// Reads with a credential: each request carries a fresh proof by the key the credential is bound to.
struct CredentialReader: SpaceReading {
    /// The host asked.
    let client: XRPCClient
    /// The service that looks identities up.
    let lookup: IdentityLookup
    let credential: String
    let key: PrivateKey
    /// Reads the clock, in microseconds since 1970: proofs are valid for a minute.
    let clock: @Sendable () -> Int64

    func json(_ request: XRPCRequest) throws(ClientError) -> JSON { try client.json(proving(request)) }

    func download(_ request: XRPCRequest, _ take: (UnsafeRawBufferPointer) -> Bool) throws(ClientError) {
        try client.download(proving(request), reader: take)
    }

    func author(_ did: String) throws(CommandError) -> (key: PublicKey, reader: any SpaceReading) {
        let (authorKey, host) = try lookup.author(did)
        guard let host, !host.hasSameBytes(as: client.baseURL.description) else { return (authorKey, self) }
        let there = CredentialReader(
            client: try IdentityLookup.connect(host), lookup: lookup, credential: credential, key: key, clock: clock)
        return (authorKey, there)
    }

    func separate() -> any SpaceReading {
        CredentialReader(
            client: client.separate(timeouts: .stream), lookup: lookup, credential: credential, key: key, clock: clock)
    }

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
