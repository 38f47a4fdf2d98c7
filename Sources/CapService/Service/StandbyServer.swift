import Glibc
import Storage
import Synchronization

/// Answers for a service that waits for its store: that it is alive, and to all else that it is not ready.
///
/// It listens where the service will, from the first time that the store is not to be had.
final class StandbyServer: Sendable {
    private let settings: Settings
    private let log: StructuredLog
    private let server = Mutex<HTTPServer?>(nil)
    private let bound = Atomic<UInt16>(0)
    private let ended = Mutex<Ending?>(nil)

    /// Why the store is waited for no longer.
    enum Ending {
        /// A signal said so.
        case told
        /// The address cannot be had; why.
        case deaf(String)
    }

    init(_ settings: Settings, log: StructuredLog) {
        self.settings = settings
        self.log = log
    }

    /// The port that it listens at, or did; nil where it never had to.
    var port: UInt16? {
        let port = bound.load(ordering: .acquiring)
        return port == 0 ? nil : port
    }

    /// Begins to answer, where it does not yet; throws where the address cannot be had.
    func start() throws(HTTPError) {
        try server.withLock { (server) throws(HTTPError) in
            guard server == nil else { return }
            let made = try HTTPServer(
                listen: settings.listen, limits: settings.http, threads: 1, handler: StandbyHandler(settings: settings),
                log: log, refusalHeaders: { [settings] in Answer.headers(of: $0, DecisionID(), settings) })
            bound.store(try made.start(), ordering: .releasing)
            server = made
            log.info("waiting", [("for", .text("another node serves the store \(settings.storeName)"))])
        }
    }

    /// Says of a store that another node serves whether it is still waited for.
    func isAwaited() -> Bool {
        do throws(HTTPError) { try start() } catch {
            ended.withLock { $0 = .deaf(error.message) }
            return false
        }
        guard isToldToEnd() else { return true }
        ended.withLock { $0 = .told }
        return false
    }

    /// Why the wait was ended here; nil where it was not.
    var ending: Ending? { ended.withLock { $0 } }

    func stop() {
        server.withLock { server in
            server?.stop(deadline: .seconds(1))
            server = nil
        }
    }
}

private struct StandbyHandler: HTTPHandler {
    let settings: Settings

    func handle(_ request: HTTPRequest, _ reply: HTTPReply) {
        if request.method == .options {
            return reply.send(HTTPResponse(status: 200, headers: Answer.shared(settings)))
        }
        if ["/healthz", "/health"].contains(request.path) { return reply.send(HTTPResponse(status: 200)) }
        var failure = ErrorAnswer(
            503, "standby", "another node serves the store; this one waits for its end", form: .json, retryAfter: 1)
        if request.path.utf8.starts(with: XRPCDispatcher.prefix.utf8) {
            let name = String(request.path.dropFirst(XRPCDispatcher.prefix.count))
            failure = XRPCAnswer.failure(failure, nsid: name, request: request)
        }
        var response = failure.response(DecisionID(), wantsJSON: true)
        response.headers += Answer.shared(settings)
        reply.send(response)
    }
}
