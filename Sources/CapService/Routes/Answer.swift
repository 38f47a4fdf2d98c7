import Synchronization

/// Carries the one answer of a route, adding what every answer has: CORS, the decision id on refusals, counts, logs.
final class Answer: Sendable {
    private let service: Service
    private let reply: HTTPReply
    private let route: String
    private let headers: HTTPHeaders

    init(_ service: Service, _ reply: HTTPReply, route: String, request: HTTPRequest) {
        self.service = service
        self.reply = reply
        self.route = route
        headers = request.headers
    }

    func send(_ response: HTTPResponse) {
        var response = response
        if service.settings.cors { response.headers += Self.cors }
        service.metrics.count(route, response.status)
        reply.send(response)
    }

    func fail(_ failure: Failure) {
        let id = DecisionID()
        let route = self.route
        service.log.info(
            "refused",
            [
                ("route", .text(route)), ("status", .int(Int64(failure.status))), ("reason", .text(failure.reason)),
                ("decision", .text(id.description)), ("message", .text(failure.text)),
                ("detail", .text(failure.detail ?? "")),
            ])
        send(failure.response(id, wantsJSON: wantsJSON))
    }

    private var wantsJSON: Bool {
        headers["Accept"]?.split(separator: ",").first?.hasPrefix("application/json") ?? false
    }

    /// Runs what makes the answer and sends it, or the failure it throws.
    func finish(_ make: () throws(Failure) -> HTTPResponse) {
        do throws(Failure) {
            send(try make())
        } catch {
            fail(error)
        }
    }

    private static let cors = [
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Allow-Methods", "POST, PUT, GET, OPTIONS, DELETE"),
        ("Access-Control-Expose-Headers", "*, Authorization"),
        ("Access-Control-Allow-Headers", "*, Authorization"),
        ("Access-Control-Allow-Credentials", "true"),
    ]
}
