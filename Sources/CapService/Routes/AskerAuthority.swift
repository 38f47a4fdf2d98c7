import CapabilityGraph
import Multiformats
import UCAN

/// Who asks a question about somebody's authority.
enum AskingParty: Sendable {
    /// Nobody showed a token; only questions that carry their own invocation can be answered.
    case anonymous
    /// A verified invocation, with what it invokes.
    case invoker(InvocationQuestion)
    /// A service named in the configuration.
    case service
}

extension Service {
    /// Reads the optional `Authorization` header of a question.
    func askingParty(_ request: HTTPRequest, _ snapshot: Snapshot, at now: Timestamp) throws(Failure) -> AskingParty {
        guard request.headers.bytes("Authorization") != nil else { return .anonymous }
        var question: InvocationQuestion
        do throws(Failure) {
            question = try verifiedInvocation(try decode(request), at: now)
        } catch {
            var failure = error
            failure.form = .json
            throw failure
        }
        return settings.servicePrincipals.contains(question.invoker) ? .service : .invoker(question)
    }

    /// Verifies a token as an invocation that is in its window and within the lifetime cap.
    func verifiedInvocation(_ token: UnverifiedToken, at now: Timestamp) throws(Failure) -> InvocationQuestion {
        guard token.isInWindow(at: now), let expires = token.expires else {
            throw Failure(401, "expired", "Invocation expired or not yet valid")
        }
        let verified = try verify(token, status: 401, text: "Failed to verify signature")
        guard expires.microseconds - now.microseconds <= settings.invocationLifetime * 1_000_000 else {
            throw Failure(401, "lifetimeExceeded", "Invocation lifetime exceeds server maximum")
        }
        try checkRate(of: verified.issuer, at: now)
        return try invocation(verified)
    }

    /// True when the party may learn what `principal` can do with the resource: it is the principal itself, a named
    /// service, or it holds `tinycloud.capabilities/read` on the resource's space and invokes it.
    func mayAsk(
        _ party: AskingParty, about principal: DID, _ resource: Resource, _ snapshot: Snapshot, at now: Timestamp
    ) -> Bool {
        switch party {
        case .service: return true
        case .anonymous: return false
        case .invoker(let question):
            if question.invoker == principal { return true }
            guard let space = resource.space else { return question.invoker == resource.rootAuthority }
            let invokes = question.capabilities.contains { capability in
                guard case .tinycloud(space, "capabilities", let path, "") = capability.resource,
                    path == nil || path == "all" || path == ""
                else { return false }
                return snapshot.graph.registry.isSame(capability.ability, Self.capabilitiesRead)
            }
            guard invokes else { return false }
            return (try? snapshot.checkInvocation(question, at: now)) != nil
        }
    }
}
