import ATProto
import Identity
import Spaces
import UCAN

/// Delivers notifications: finds the service's endpoint anew, signs the call as its issuer, and makes it once
/// (atproto-spaces.md 4.7, 17).
struct OutboundNotifier: NotificationTransport {
    let accounts: Accounts
    let resolver: IdentityResolver
    let outbound: any Outbound

    /// Stands for an answer that no later try will better: the issuer's key is not kept here any more.
    private static let gone = 410

    func send(_ message: OutboxMessage, at now: Timestamp) -> Int? {
        guard let endpoint = endpoint(message) else { return nil }
        do {
            guard let key = try accounts.signingKey(DID(trusted: message.issuer)) else { return Self.gone }
            let token = try ServiceAuthToken.make(
                issuer: message.issuer, audience: message.audience, method: message.method, key: key, at: now)
            let headers = [
                (name: "Authorization", value: "Bearer " + token), (name: "Content-Type", value: "application/json"),
            ]
            let url = try PeerURL(endpoint + XRPCDispatcher.prefix + message.method)
            return try outbound.send(OutboundRequest(.post, url, headers: headers, body: message.body)).status
        } catch {
            return nil
        }
    }

    /// Where the service is. An authority without a space host of its own has its account's host for one, which is
    /// addressed as the space host all the same.
    private func endpoint(_ message: OutboxMessage) -> String? {
        guard let service = try? ServiceIdentifier(message.service),
            let document = try? resolver.document(of: service.did)
        else { return nil }
        guard service.fragment == ServiceID.spaceHost else { return try? document.endpoint(of: service) }
        return try? document.spaceHost()?.endpoint
    }
}
