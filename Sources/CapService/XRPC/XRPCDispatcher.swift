import ATProto
import Multiformats
import Spaces
import Storage

/// Takes calls of `/xrpc/<nsid>` to their methods, each on the thread it needs, and their refusals to answers.
struct XRPCDispatcher: Sendable {
    static let prefix = "/xrpc/"

    let service: Service
    let table: XRPCTable

    /// The name of the method that a path below `prefix` calls.
    func name(of request: HTTPRequest) -> String { String(request.path.dropFirst(Self.prefix.count)) }

    /// Refuses a request whose path begins with `prefix` without a look at what it asks.
    func refuse(_ request: HTTPRequest, _ reply: HTTPReply, _ error: any Error) {
        let answer = Answer(service, reply, route: "limited", request: request)
        let name = self.name(of: request)
        XRPCAnswer(answer: answer, nsid: name, request: request).refuse(error)
    }

    /// What of a body longer than a stranger's a request may send: whoever shows who it is all that the method takes, and
    /// somebody of whom that shows only later a share of what the service holds for such. Whom the method would refuse is
    /// refused before its body comes.
    func bodyLeave(_ request: HTTPRequest) -> HTTPBodyLeave {
        let name = self.name(of: request)
        let entry = table[name]
        let limit = (entry?.procedure?.bodyLimit ?? XRPCMethod.plainBodyLimit) + XRPCTable.bodySlack
        let unproven = HTTPBodyLeave.bytes(limit, isProven: false)
        do {
            let method = try find(name, entry, request)
            guard let query = request.query else { return unproven }
            let call = XRPCCall(
                service: service, request: request, nsid: name,
                parameters: XRPCParameters(query, isAlias: XRPCCall.isAlias(name)),
                input: XRPCInput(JSONObject(), isAlias: false), now: try service.now(), mayWait: false)
            guard case .anonymous = try call.identified() else { return .bytes(limit, isProven: true) }
            guard method.callersOnly else { return unproven }
            throw AccessRefusal.signInNeeded
        } catch is XRPCMustWait {
            return unproven
        } catch {
            let failure = XRPCAnswer.failure(error, nsid: name, request: request)
            return .refused(
                Answer.refusal(failure, service, route: entry?.any?.nsid ?? "xrpc", request: request))
        }
    }

    /// Answers a request whose path begins with `prefix`.
    func handle(_ request: HTTPRequest, _ reply: HTTPReply) {
        let name = self.name(of: request)
        let entry = table[name]
        // Names that nobody serves are not counted by name: they are the client's to choose.
        let answer = Answer(
            service, reply, route: entry?.any?.nsid ?? "xrpc", request: request,
            isPublic: entry?.any?.isPublic ?? false)
        let outcome = XRPCAnswer(answer: answer, nsid: name, request: request)
        do throws(XRPCError) {
            let method = try find(name, entry, request)
            run(method, name, request, outcome)
        } catch {
            outcome.refuse(error)
        }
    }

    /// Checks what comes before authentication: the feature switch, the name and the verb, in this order.
    private func find(
        _ name: String, _ entry: XRPCTable.Entry?, _ request: HTTPRequest
    ) throws(XRPCError) -> XRPCMethod {
        if let feature = entry.flatMap({ $0.any?.feature }) ?? Feature.owning(name),
            service.settings.disabledFeatures.contains(feature)
        {
            throw XRPCError(
                "FeatureDisabled",
                "The feature 'feature.\(feature.rawValue)' is not currently enabled on this instance")
        }
        guard let entry else {
            throw XRPCError("MethodNotImplemented", "there is no such method here")
        }
        let found: XRPCMethod? =
            switch request.method {
            case .get, .head: entry.query
            case .post: entry.procedure
            default: nil
            }
        guard let found else {
            let methods = entry.methods.map(\.name).joined(separator: ", ")
            var error = XRPCError("InvalidRequest", "this method answers \(methods)", status: 405)
            error.headers = [("Allow", methods)]
            throw error
        }
        return found
    }

    private func run(_ method: XRPCMethod, _ name: String, _ request: HTTPRequest, _ outcome: XRPCAnswer) {
        guard method.work == .inline else { return wait(method, name, request, outcome, as: method.work) }
        guard !service.store.isRemote else {
            // Nearly all of them read, and would keep the others of this thread waiting for the network.
            let isTaken = service.pool.run { tryToAnswer(method, name, request, outcome) }
            return isTaken ? () : outcome.refuse(Self.busy)
        }
        tryToAnswer(method, name, request, outcome)
    }

    /// Answers, or has the call run again on the threads that it wishes for.
    private func tryToAnswer(_ method: XRPCMethod, _ name: String, _ request: HTTPRequest, _ outcome: XRPCAnswer) {
        do {
            outcome.send(try call(method, name, request, mayWait: false))
        } catch let wish as XRPCMustWait {
            wait(method, name, request, outcome, as: wish.work)
        } catch {
            outcome.refuse(error)
        }
    }

    private func wait(
        _ method: XRPCMethod, _ name: String, _ request: HTTPRequest, _ outcome: XRPCAnswer, as work: XRPCMethod.Work
    ) {
        let pool =
            switch work {
            case .hashing: service.hashing
            case .questions: service.questions
            case .inline, .blocking: service.pool
            }
        let isTaken = pool.run {
            do {
                outcome.send(try call(method, name, request, mayWait: true))
            } catch {
                outcome.refuse(error)
            }
        }
        if !isTaken { outcome.refuse(Self.busy) }
    }

    private static var busy: XRPCError { XRPCError("ServiceUnavailable", "too many calls are waiting", retryAfter: 1) }

    private func call(
        _ method: XRPCMethod, _ name: String, _ request: HTTPRequest, mayWait: Bool
    ) throws -> XRPCOutput {
        let isAlias = XRPCCall.isAlias(name)
        guard let query = request.query else { throw XRPCError.invalidRequest("the query string is malformed") }
        let input = try XRPCBody.read(method, request)
        let call = XRPCCall(
            service: service, request: request, nsid: name,
            parameters: XRPCParameters(query, isAlias: isAlias),
            input: XRPCInput(input, isAlias: isAlias), now: try service.now(), mayWait: mayWait)
        return try method.handler(call)
    }
}
