import CapabilityGraph
import Multiformats
import Storage
import Synchronization
import UCAN

extension Service {
    /// POST /invoke: uses capabilities under cited proofs (tinycloud.md 4). Served here are
    /// `tinycloud.capabilities/read` and the key-value plane; any other ability that is authorized is answered 501
    /// `NoHandler`.
    func invoke(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        // Steps 2 to 5: window, signature, lifetime, shape.
        let invocation = try verifiedInvocation(try decode(request), at: now, isCounted: true)
        let (question, token) = (invocation.question, invocation.token)
        let hosting = try spaceToHost(question)
        let wanted = Result { () throws(ErrorAnswer) in try work(question) }
        let use = InvocationUse(
            question: question, isServed: (try? wanted.get()) != nil,
            mark: invocation.mark, hosting: hosting, now: now)
        // What a key asks that no statement names, and may not, leaves no mark: there is no end of such keys.
        if try !self.snapshot().knows(question.invoker) { _ = try authorized(use) }
        // A space that it begins to host is kept for good, as one that a delegation begins to host is.
        if hosting != nil, (try? authorized(use)) != nil, let seconds = allowance(of: request).countKept() {
            throw ErrorAnswer(.senderQuota(retryAfter: seconds), status: 429)
        }
        switch wanted {
        case .success(.values(let plan)) where plan.verb.changes: change(plan, use, request, answer)
        case .success(.values(let plan)):
            let join = mark(use, answer)
            let isTaken = pool.run { [self] in
                join.made { () throws(ErrorAnswer) in
                    let snapshot = try authorized(use)
                    let response = try readValues(plan, question, request.headers, snapshot, at: now)
                    // The tables may be younger than the judgement, so it must still be the same: of what was written
                    // after a revocation nothing is shown.
                    _ = try authorized(use)
                    return response
                }
            }
            if !isTaken {
                join.made { () throws(ErrorAnswer) in
                    throw ErrorAnswer(503, "busy", "too many reads are waiting", retryAfter: 1)
                }
            }
        case .success(.capabilities), .failure:
            mark(use, answer).made { () throws(ErrorAnswer) in
                let snapshot = try authorized(use)
                guard case .capabilities(let space) = try wanted.get() else { throw ErrorAnswer.multipleOutcomes }
                return try readCapabilities(of: space, question, token, snapshot, at: now)
            }
        }
    }

    /// Step 6: the mark must be durable before anything is answered. Meanwhile the answer is made, from a snapshot taken
    /// then; it is thrown away when the mark turns out to be a replay.
    private func mark(_ use: InvocationUse, _ answer: Answer) -> InvocationJoin {
        let join = InvocationJoin(answer)
        store.submit(
            .use(use.mark, hosting: use.hosting, now: use.now) { [self] result in
                switch result {
                case .failure(let failure): join.marked(ErrorAnswer(failure))
                case .success(.duplicate): join.marked(duplicate(at: use.now))
                case .success(.marked): join.marked(nil)
                }
            })
        return join
    }

    /// Makes a change of values: in one transaction the use is marked, the gate is asked as of that moment, and the
    /// change is made. What is refused beforehand only leaves its mark.
    private func change(_ plan: KVPlan, _ use: InvocationUse, _ request: HTTPRequest, _ answer: Answer) {
        let change: KVChange
        do throws(ErrorAnswer) {
            _ = try authorized(use)
            change = try KVChange(plan, request, settings)
        } catch {
            let refused = error
            return mark(use, answer).made { () throws(ErrorAnswer) in throw refused }
        }
        store.transact(at: use.now) { [self] transaction -> Result<HTTPResponse, ErrorAnswer> in
            guard try transaction.use(use.mark) else { return .failure(duplicate(at: use.now)) }
            do throws(ErrorAnswer) {
                try Self.authorize(use, transaction.graph)
            } catch {
                return .failure(error)
            }
            if let space = use.hosting { try transaction.host(space) }
            return try change.apply(transaction)
        } then: { result in
            switch result {
            case .success(.success(let response)): answer.send(response)
            case .success(.failure(let failure)): answer.fail(failure)
            case .failure(let failure as StoreFailure): answer.fail(ErrorAnswer(failure))
            case .failure(let error as StorageError): answer.fail(ErrorAnswer(.storage(error)))
            case .failure(let error):
                answer.fail(ErrorAnswer(500, "internal", "database error: internal", detail: "\(error)"))
            }
        }
    }

    /// Under open hosting, the space that its owner's first invocation begins to host.
    private func spaceToHost(_ question: InvocationQuestion) throws(ErrorAnswer) -> Space? {
        guard settings.hosting == .open else { return nil }
        let snapshot = try self.snapshot()
        return question.capabilities.lazy.compactMap { $0.resource.space }.first {
            $0.owner == question.invoker && !snapshot.isHosted($0)
        }
    }

    /// What the capabilities of an invocation ask for.
    private enum Work {
        case capabilities(Space)
        case values(KVPlan)
    }

    private func work(_ question: InvocationQuestion) throws(ErrorAnswer) -> Work {
        let registry = store.registry
        guard let first = question.capabilities.first else {
            throw ErrorAnswer(400, "noCapability", "the invocation names no capability")
        }
        var verbs: [KVPlan.Verb?] = []
        for capability in question.capabilities {
            let verb = KVPlan.verb(of: capability, registry)
            guard verb != nil || registry.isSame(capability.ability, Self.capabilitiesRead) else {
                throw ErrorAnswer(
                    501, "NoHandler",
                    "NoHandler: nothing here serves `\(capability.ability)` on `\(capability.resource)`")
            }
            verbs.append(verb)
        }
        guard verbs.allSatisfy({ $0 == verbs[0] }) else { throw ErrorAnswer.multipleOutcomes }
        if let verb = verbs[0] { return .values(try KVPlan(verb, question.capabilities)) }
        guard verbs.count == 1 else { throw ErrorAnswer.multipleOutcomes }
        guard let space = first.resource.space, first.resource == space.allCapabilities else {
            throw ErrorAnswer(404, "notFound", "capabilities are read at `<space>/capabilities/all`")
        }
        return .capabilities(space)
    }

    /// Step 8: authorization and existence of the spaces; gives the snapshot that was asked.
    private func authorized(_ use: InvocationUse) throws(ErrorAnswer) -> Snapshot {
        let snapshot = try self.snapshot()
        try Self.authorize(use, snapshot)
        return snapshot
    }

    private static func authorize(_ use: InvocationUse, _ snapshot: Snapshot) throws(ErrorAnswer) {
        do throws(InvocationDenial) {
            if use.isServed {
                try snapshot.checkUse(use.question, at: use.now)
            } else {
                // Nothing is carried out, so what the caveats demand of it need not be known here.
                try snapshot.checkInvocation(use.question, at: use.now)
            }
        } catch {
            throw ErrorAnswer(error)
        }
        for case let space? in use.question.capabilities.map(\.resource.space)
        where !snapshot.isHosted(space) && space != use.hosting {
            throw ErrorAnswer(404, "spaceNotHosted", "Space not found")
        }
    }

    /// What of a body an invocation is let send: the size of a value for whoever may put one. Asked before the body is read,
    /// so that nobody else makes the service hold so much.
    func bodyLeave(_ request: HTTPRequest) -> HTTPBodyLeave {
        guard request.method == .post, request.path == "/invoke", let now = try? now() else { return .nothing }
        let unverified: UnverifiedToken
        do throws(ErrorAnswer) {
            unverified = try decode(request)
        } catch {
            return refusedForNow(error, request)
        }
        guard let expires = unverified.expires, isShortLived(expires, at: now),
            let invocation = try? verifiedInvocation(unverified, at: now, isCounted: false),
            case .values(let plan)? = try? work(invocation.question), plan.verb == .put
        else { return .nothing }
        do throws(ErrorAnswer) {
            _ = try authorized(
                InvocationUse(
                    question: invocation.question, isServed: true, mark: invocation.mark,
                    hosting: try spaceToHost(invocation.question), now: now))
        } catch {
            return refusedForNow(error, request)
        }
        return .bytes(earnedBodyBytes, isProven: true)
    }

    /// What passes is no reason to call the body too large: its sender is told when to come again.
    private func refusedForNow(_ error: ErrorAnswer, _ request: HTTPRequest) -> HTTPBodyLeave {
        guard error.status == 503 else { return .nothing }
        return .refused(Answer.refusal(error, self, route: "invoke", request: request))
    }

    /// Beside the value itself there may be the frame of a multipart body.
    var earnedBodyBytes: Int { settings.kvValueBytes + (64 << 10) }

    // The text is a literal of the right form.
    static let capabilitiesRead = Ability(literal: "tinycloud.capabilities/read")
}

/// One use of an invocation that holds: what it asks for, the mark it leaves, the space it begins to host, and the one
/// reading of the clock.
private struct InvocationUse: Sendable {
    let question: InvocationQuestion
    /// False when all that is left to say is who may ask, and that nothing here does it.
    let isServed: Bool
    let mark: ReplayMark
    let hosting: Space?
    let now: Timestamp
}

extension Service {
    /// The refusal of a use that was made before, or may have been: while the clock is behind what it was, it says so.
    private func duplicate(at now: Timestamp) -> ErrorAnswer {
        var answer = ErrorAnswer(409, "duplicateInvocation", "duplicate invocation")
        if let behind = clockWatch.behind(now), behind > 0 {
            answer.explanation =
                "the clock of this service went back by \(behind) s, and what was used in that time is forgotten: an "
                + "invocation that expires in it counts as used; one that expires later is taken, as far ahead as "
                + "`invocation-lifetime` allows"
        }
        return answer
    }
}

/// Waits for two things, the durable mark and the answer made meanwhile, and sends when both are there.
private final class InvocationJoin: Sendable {
    private enum State {
        case neither
        case marked(ErrorAnswer?)
        case made(Result<HTTPResponse, ErrorAnswer>)
        case done
    }

    private let state = Mutex(State.neither)
    private let answer: Answer

    init(_ answer: Answer) { self.answer = answer }

    func marked(_ failure: ErrorAnswer?) {
        let made: Result<HTTPResponse, ErrorAnswer>? = state.withLock { state in
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

    func made(_ make: () throws(ErrorAnswer) -> HTTPResponse) {
        let result: Result<HTTPResponse, ErrorAnswer>
        do throws(ErrorAnswer) {
            result = .success(try make())
        } catch {
            result = .failure(error)
        }
        let outcome: ErrorAnswer?? = state.withLock { state in
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

    private func send(_ failure: ErrorAnswer?, _ made: Result<HTTPResponse, ErrorAnswer>) {
        if let failure { return answer.fail(failure) }
        switch made {
        case .success(let response): answer.send(response)
        case .failure(let failure): answer.fail(failure)
        }
    }
}
