import CapabilityGraph
import Multiformats
import Storage
import Synchronization
import UCAN

extension Service {
    /// POST /invoke: uses capabilities under cited proofs (tinycloud.md 4). Only `tinycloud.capabilities/read` is
    /// served here; any other ability that is authorized is answered 501 `NoHandler`.
    func invoke(_ request: HTTPRequest, _ answer: Answer) throws(Failure) {
        let now = try now()
        let unverified = try decode(request)
        // Steps 2 to 4: window, signature, lifetime.
        guard unverified.isInWindow(at: now), let expires = unverified.expires else {
            throw Failure(401, "expired", "Invocation expired or not yet valid")
        }
        let token = try verify(unverified, status: 401, text: "Failed to verify signature")
        guard isShortLived(expires, at: now) else {
            throw Failure(401, "lifetimeExceeded", "Invocation lifetime exceeds server maximum")
        }
        try checkRate(of: token.issuer, at: now)
        let question = try invocation(token)
        // Step 6: the mark must be durable before anything is answered. Meanwhile the answer is made, from a snapshot
        // taken now; it is thrown away when the mark turns out to be a replay.
        let hosting = spaceToHost(question)
        let join = InvocationJoin(answer)
        let mark = ReplayMark(statement: token.statementID, expiresAt: expires.microseconds + 60_000_000)
        store.submit(
            .use(mark, hosting: hosting, now: now) { result in
                switch result {
                case .failure(let failure): join.marked(Failure(failure))
                case .success(.duplicate):
                    join.marked(Failure(409, "duplicateInvocation", "duplicate invocation"))
                case .success(.marked): join.marked(nil)
                }
            })
        join.made { () throws(Failure) in try perform(question, token, at: now, assumingHosted: hosting) }
    }

    /// Under open hosting, the space that its owner's first invocation begins to host.
    private func spaceToHost(_ question: InvocationQuestion) -> Space? {
        guard settings.hosting == .open else { return nil }
        let snapshot = store.graph.snapshot()
        return question.capabilities.lazy.compactMap { $0.resource.space }.first {
            $0.owner == question.invoker && !snapshot.isHosted($0)
        }
    }

    /// Step 8: authorization, existence of the spaces, then the handler.
    private func perform(
        _ question: InvocationQuestion, _ token: Token, at now: Timestamp, assumingHosted: Space?
    ) throws(Failure) -> HTTPResponse {
        let snapshot = store.graph.snapshot()
        do throws(InvocationDenial) {
            _ = try snapshot.checkInvocation(question, at: now)
        } catch {
            throw Failure(error)
        }
        for case let space? in question.capabilities.map(\.resource.space)
        where !snapshot.isHosted(space) && space != assumingHosted {
            throw Failure(404, "spaceNotHosted", "Space not found")
        }
        let reads = question.capabilities.filter { snapshot.graph.registry.isSame($0.ability, Self.capabilitiesRead) }
        guard let first = question.capabilities.first else {
            throw Failure(400, "noCapability", "the invocation names no capability")
        }
        guard reads.count == question.capabilities.count else {
            throw Failure(
                501, "NoHandler", "NoHandler: nothing here serves `\(first.ability)` on `\(first.resource)`")
        }
        guard reads.count == 1 else {
            throw Failure(
                501, "multipleOutcomes",
                "Multiple invocation outcomes require a homogeneous KV get or metadata batch")
        }
        guard case .tinycloud(let space, "capabilities", "all", _) = first.resource else {
            throw Failure(404, "notFound", "capabilities are read at `<space>/capabilities/all`")
        }
        return try readCapabilities(of: space, question, token, snapshot, at: now)
    }

    // The text is a literal of the right form.
    static let capabilitiesRead = Ability(literal: "tinycloud.capabilities/read")
}

/// Waits for two things, the durable mark and the answer made meanwhile, and sends when both are there.
private final class InvocationJoin: Sendable {
    private enum State {
        case neither
        case marked(Failure?)
        case made(Result<HTTPResponse, Failure>)
        case done
    }

    private let state = Mutex(State.neither)
    private let answer: Answer

    init(_ answer: Answer) { self.answer = answer }

    func marked(_ failure: Failure?) {
        let made: Result<HTTPResponse, Failure>? = state.withLock { state in
            switch state {
            case .made(let result):
                state = .done
                return result
            case .neither:
                state = .marked(failure)
                return nil
            case .marked, .done: return nil
            }
        }
        if let made { send(failure, made) }
    }

    func made(_ make: () throws(Failure) -> HTTPResponse) {
        let result: Result<HTTPResponse, Failure>
        do throws(Failure) {
            result = .success(try make())
        } catch {
            result = .failure(error)
        }
        let outcome: Failure?? = state.withLock { state in
            switch state {
            case .marked(let failure):
                state = .done
                return .some(failure)
            case .neither:
                state = .made(result)
                return nil
            case .made, .done: return nil
            }
        }
        if let outcome { send(outcome, result) }
    }

    private func send(_ failure: Failure?, _ made: Result<HTTPResponse, Failure>) {
        if let failure { return answer.fail(failure) }
        switch made {
        case .success(let response): answer.send(response)
        case .failure(let failure): answer.fail(failure)
        }
    }
}
