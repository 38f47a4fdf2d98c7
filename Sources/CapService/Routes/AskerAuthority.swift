import CapabilityGraph
import Multiformats
import UCAN

extension Space {
    /// Where `tinycloud.capabilities/read` reads everything of the space (tinycloud.md 8.1).
    var allCapabilities: Resource { Resource(space: self, service: "capabilities", path: "all") }
}

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
    func askingParty(_ request: HTTPRequest, _ snapshot: Snapshot, at now: Timestamp) throws(ErrorAnswer) -> AskingParty
    {
        guard request.headers.bytes("Authorization") != nil else {
            try checkRate(ofAddress: request.clientNetwork, at: now)
            return .anonymous
        }
        let question: InvocationQuestion
        do throws(ErrorAnswer) {
            question = try verifiedInvocation(try decode(request), at: now, isCounted: true).question
        } catch {
            var failure = error
            failure.form = .json
            throw failure
        }
        return settings.servicePrincipals.contains(question.invoker) ? .service : .invoker(question)
    }

    /// True when the party may learn what `principal` can do with the resource: it is the principal itself, a named
    /// service, it manages the resource's space, or it holds `tinycloud.capabilities/read` on that and invokes
    /// it.
    func mayAsk(
        _ party: AskingParty, about principal: DID, _ resource: Resource, _ snapshot: Snapshot, at now: Timestamp
    ) -> Bool {
        if case .invoker(let question) = party, question.invoker == principal { return true }
        return mayRead(party, unitOf: resource, snapshot, at: now)
    }

    /// True when the party may learn what anybody can do with the resource: a named service, who manages the resource's
    /// space or controls the resource, and who holds `tinycloud.capabilities/read` on the space and invokes it.
    func mayRead(_ party: AskingParty, unitOf resource: Resource, _ snapshot: Snapshot, at now: Timestamp) -> Bool {
        switch party {
        case .service: return true
        case .anonymous: return false
        case .invoker(let question):
            guard let space = resource.space else { return question.invoker == resource.rootAuthority }
            if snapshot.manages(question.invoker, space, at: now) { return true }
            let invokes = question.capabilities.contains { capability in
                guard capability.resource.contains(space.allCapabilities) else { return false }
                return snapshot.registry.isSame(capability.ability, Self.capabilitiesRead)
            }
            guard invokes else { return false }
            return (try? snapshot.checkUse(question, at: now)) != nil
        }
    }

    /// Who is shown an answer about a principal: who may read the unit, else the principal itself. Who asks about another
    /// was let to because it may (`mayAsk`), which is not asked again.
    func viewer(
        _ party: AskingParty, of resource: Resource, about principal: DID, _ snapshot: Snapshot, at now: Timestamp
    ) -> QuestionViewer {
        guard case .invoker(let question) = party, question.invoker == principal else { return .reader }
        if mayRead(party, unitOf: resource, snapshot, at: now) { return .reader }
        return .party(
            principal, knowsUnit: resource.space.map { snapshot.mayKnow(principal, of: $0, at: now) } ?? true)
    }
}
