import ATProto
import CapabilityGraph
package import Identity
import Multiformats
import Storage
package import UCAN

/// Asks managing applications over HTTP, in the name of the space's authority (atproto-spaces.md 15).
package struct RemoteManagingApps: ManagingAppClient {
    private static let method = "com.atproto.simplespace.checkUserAccess"

    private let signer: any AccountSigner
    private let resolver: IdentityResolver
    private let outbound: any Outbound

    package init(signer: any AccountSigner, resolver: IdentityResolver, outbound: any Outbound) {
        self.signer = signer
        self.resolver = resolver
        self.outbound = outbound
    }

    /// One try of at most 5 seconds, no redirections: only a 200 whose body says `authorized: true` is a yes.
    /// Throws `StorageError` alone, where the store cannot tell what the question needs.
    package func admits(_ question: ManagingAppQuestion, at now: Timestamp) throws -> Bool {
        let response: OutboundResponse
        do {
            response = try ask(question, at: now)
        } catch let error as StorageError {
            throw error
        } catch {
            return false
        }
        guard response.status == 200 else { return false }
        let limits = JSONLimits(maxBytes: Self.maximumAnswer, maxDepth: 8, maxMembers: 64)
        return (try? JSON.parse(response.body, limits: limits))?["authorized"]?.bool == true
    }

    private static let maximumAnswer = 16 * 1024

    private func ask(_ question: ManagingAppQuestion, at now: Timestamp) throws -> OutboundResponse {
        // The service the fragment names, and no other; a bare DID means the account's host.
        let service = try ServiceIdentifier(question.app)
        guard let endpoint = try resolver.document(of: service.did).endpoint(of: service) else {
            throw ATProtoError("ServiceNotResolvable", "the managing application publishes no such service")
        }
        let authority = try DID(question.space.authority)
        let token = try ServiceAuthToken.make(
            issuer: authority.text, audience: question.app, method: Self.method, key: try signer.key(of: authority),
            at: now)
        var query = [
            ("space", question.space.text), ("user", question.user.text), ("access", question.access.rawValue),
        ]
        if let client = question.clientID { query.append(("clientId", client)) }
        let text = query.map { $0.0 + "=" + PercentEncoding.encode($0.1) }.joined(separator: "&")
        return try outbound.send(
            OutboundRequest(
                .get, try PeerURL(endpoint + "/xrpc/" + Self.method + "?" + text),
                headers: [("Authorization", "Bearer " + token), ("Accept", "application/json")],
                maxBytes: Self.maximumAnswer, totalTimeout: .seconds(5)))
    }

}
