import Synchronization

/// Carries the one answer of a route, adding what every answer has: CORS, the decision id on refusals, counts, logs.
final class Answer: Sendable {
    private let service: Service
    private let reply: HTTPReply
    private let route: String
    private let asked: HTTPHeaders
    /// True for answers that are the same to everybody; all others no cache may keep, refusals included.
    private let isPublic: Bool

    init(_ service: Service, _ reply: HTTPReply, route: String, request: HTTPRequest, isPublic: Bool = false) {
        self.service = service
        self.reply = reply
        self.route = route
        self.isPublic = isPublic
        asked = request.headers
    }

    func send(_ response: HTTPResponse) {
        var response = response
        if let requestID = Self.requestID(asked) { response.headers.append(("X-Request-ID", requestID)) }
        if !isPublic { response.headers.append(Self.unkept) }
        if service.settings.cors { response.headers += Self.cors }
        service.metrics.count(route, response.status)
        reply.send(response)
    }

    func fail(_ failure: ErrorAnswer) {
        let id = DecisionID()
        Self.note(failure, id, service, route: route)
        send(failure.response(id, wantsJSON: wantsJSON))
    }

    /// Makes the answer to a request that is refused by its head, before any route sees it.
    static func refusal(
        _ failure: ErrorAnswer, _ service: Service, route: String, request: HTTPRequest
    ) -> HTTPResponse {
        let id = DecisionID()
        note(failure, id, service, route: route)
        var response = failure.response(id, wantsJSON: false)
        if let requestID = requestID(request.headers) { response.headers.append(("X-Request-ID", requestID)) }
        response.headers.append(unkept)
        if service.settings.cors { response.headers += cors }
        service.metrics.count(route, response.status)
        return response
    }

    private static func note(_ failure: ErrorAnswer, _ id: DecisionID, _ service: Service, route: String) {
        service.log.info(
            "refused",
            [
                ("route", .text(route)), ("status", .int(Int64(failure.status))), ("reason", .text(failure.reason)),
                ("decision", .text(id.description)), ("message", .text(failure.text)),
                ("detail", .text(failure.detail ?? "")),
            ])
    }

    private var wantsJSON: Bool {
        asked["Accept"]?.split(separator: ",").first?.hasPrefix("application/json") ?? false
    }

    /// The client's own name for the request; room for the head of an answer is bounded, so only one of a sensible
    /// length comes back.
    private static func requestID(_ asked: HTTPHeaders) -> String? {
        asked["X-Request-ID"].flatMap { (1...256).contains($0.utf8.count) ? $0 : nil }
    }

    /// Runs what makes the answer and sends it, or the failure it throws.
    func finish(_ make: () throws(ErrorAnswer) -> HTTPResponse) {
        do throws(ErrorAnswer) {
            send(try make())
        } catch {
            fail(error)
        }
    }

    /// Makes the answer on a pool: it may take long, and who else asks does not wait for it. Throws `busy` when too many
    /// wait there already.
    func finish(
        on pool: BlockingPool,
        busy: ErrorAnswer = ErrorAnswer(503, "busy", "too many requests are waiting", form: .json, retryAfter: 1),
        _ make: @escaping @Sendable () throws(ErrorAnswer) -> HTTPResponse
    ) throws(ErrorAnswer) {
        guard pool.run({ self.finish(make) }) else { throw busy }
    }

    /// What goes with a refusal of the server itself, such as a body too large, which no route sees.
    static func headers(of refusal: HTTPRefusal, _ service: Service) -> [(String, String)] {
        let id = DecisionID()
        service.metrics.count("none", refusal.status)
        service.log.info(
            "refused",
            [
                ("route", .text("none")), ("status", .int(Int64(refusal.status))), ("reason", .text(refusal.rawValue)),
                ("decision", .text(id.description)),
            ])
        return headers(of: refusal, id, service.settings)
    }

    /// The same of a service that does not serve yet, which counts and logs nothing.
    static func headers(of refusal: HTTPRefusal, _ id: DecisionID, _ settings: Settings) -> [(String, String)] {
        let headers = [("X-Capability-Reason", refusal.rawValue), ("X-Decision-Id", id.description)]
        return headers + shared(settings)
    }

    /// What every answer has that no cache may keep.
    static func shared(_ settings: Settings) -> [(String, String)] { settings.cors ? [unkept] + cors : [unkept] }

    static let unkept = ("Cache-Control", "private, no-store")

    private static let cors = [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "POST, PUT, GET, OPTIONS, DELETE"),
        ("Access-Control-Expose-Headers", "*, Authorization"),
        ("Access-Control-Allow-Headers", "*, Authorization"),
        ("Access-Control-Allow-Credentials", "true"),
    ]
}
