import Storage
import UCAN

/// Sends each request to its route and each failure to its answer.
struct ServiceHandler: HTTPHandler {
    private let service: Service
    private let router: Router<Route>
    private let xrpc: XRPCDispatcher

    /// Every route this service has. `/delegate` and its like are named after what they do.
    enum Route: String, CaseIterable, Sendable {
        case delegate, invoke, revoke, delegationStatus, delegationQuery, peerGenerate, version, info, health, healthz,
            readyz
        case metrics, authorize, evaluation, evaluations, didDocument, accountDID

        var method: HTTPMethod {
            switch self {
            case .delegate, .invoke, .revoke, .delegationStatus, .delegationQuery, .authorize, .evaluation,
                .evaluations:
                .post
            case .peerGenerate, .version, .info, .health, .healthz, .readyz, .metrics, .didDocument, .accountDID: .get
            }
        }

        /// True for what is the same to everybody, which a cache may keep.
        var isPublic: Bool {
            switch self {
            case .version, .info, .health, .healthz, .readyz, .metrics, .didDocument, .accountDID: true
            case .delegate, .invoke, .revoke, .delegationStatus, .delegationQuery, .peerGenerate, .authorize,
                .evaluation, .evaluations:
                false
            }
        }

        var path: String {
            switch self {
            case .delegate: "/delegate"
            case .invoke: "/invoke"
            case .revoke: "/revoke"
            case .delegationStatus: "/delegation/status"
            case .delegationQuery: "/delegation/query"
            case .peerGenerate: "/peer/generate/"
            case .version: "/version"
            case .info: "/info"
            case .health: "/health"
            case .healthz: "/healthz"
            case .readyz: "/readyz"
            case .metrics: "/metrics"
            case .authorize: "/authorize"
            case .evaluation: "/access/v1/evaluation"
            case .evaluations: "/access/v1/evaluations"
            case .didDocument: "/.well-known/did.json"
            case .accountDID: "/.well-known/atproto-did"
            }
        }
    }

    init(_ service: Service, table: XRPCTable = .standard) {
        self.service = service
        xrpc = XRPCDispatcher(service: service, table: table)
        var router = Router<Route>()
        for route in Route.allCases {
            if route == .peerGenerate {
                router.addPrefix(route.method, route.path, route)
            } else {
                router.add(route.method, route.path, route)
            }
        }
        self.router = router
    }

    func handle(_ request: HTTPRequest, _ reply: HTTPReply) {
        if request.method == .options {
            Answer(service, reply, route: "options", request: request, isPublic: true).send(HTTPResponse(status: 200))
            return
        }
        if request.path.utf8.starts(with: XRPCDispatcher.prefix.utf8) { return xrpc.handle(request, reply) }
        switch router.match(request.method, request.path) {
        case .found(let route, let rest):
            let answer = Answer(
                service, reply, route: route.rawValue, request: request, isPublic: route.isPublic)
            do throws(Failure) {
                try serve(route, rest, request, answer)
            } catch {
                guard let issuer = error.unresolved else { return answer.fail(error) }
                resolve(issuer, route, rest, request, answer)
            }
        case .methodNotAllowed(let methods):
            let answer = Answer(service, reply, route: "unknown", request: request)
            let names = methods.map(\.name).joined(separator: ", ")
            var failure = Failure(405, "methodNotAllowed", "this path answers \(names)", form: .json)
            failure.allowedMethods = names
            answer.fail(failure)
        case .notFound:
            Answer(service, reply, route: "unknown", request: request).fail(Self.notFound)
        }
    }

    /// Asks for the issuer's document where waiting is allowed, and serves the request again.
    private func resolve(
        _ issuer: DID, _ route: Route, _ rest: Substring, _ request: HTTPRequest, _ answer: Answer
    ) {
        let isTaken = service.pool.run {
            service.resolve(issuer)
            do throws(Failure) {
                try serve(route, rest, request, answer)
            } catch {
                answer.fail(error)
            }
        }
        if !isTaken { answer.fail(Failure(503, "busy", "too many requests are waiting", form: .json, retryAfter: 1)) }
    }

    private static let notFound = Failure(404, "notFound", "there is no such path", form: .json)

    private func serve(
        _ route: Route, _ rest: Substring, _ request: HTTPRequest, _ answer: Answer
    ) throws(Failure) {
        switch route {
        case .delegate:
            try service.store.announcing { () throws(Failure) in try service.delegate(request, answer) }
        case .invoke:
            try service.store.announcing { () throws(Failure) in try service.invoke(request, answer) }
        case .revoke:
            try service.store.announcing { () throws(Failure) in try service.revoke(request, answer) }
        case .delegationStatus:
            try requireJSON(request)
            try service.delegationStatus(request, answer)
        case .delegationQuery:
            try requireJSON(request)
            try service.delegationQuery(request, answer)
        case .peerGenerate: answer.send(try service.peerGenerate(rest))
        case .version, .info: answer.send(service.nodeInfo())
        case .health, .healthz, .readyz: answer.send(try service.health())
        case .metrics: answer.send(service.metricsText())
        case .authorize: try service.authorize(request, answer)
        case .evaluation: try service.evaluation(request, answer)
        case .evaluations: try service.evaluations(request, answer)
        case .didDocument: answer.send(try service.wellKnownDocument(request))
        case .accountDID: answer.send(try service.wellKnownDID(request))
        }
    }

    /// Without the JSON type no route of the reference matches, so it answers 404 (tinycloud.md 6.1).
    private func requireJSON(_ request: HTTPRequest) throws(Failure) {
        let type = request.headers["Content-Type"]?.split(separator: ";").first.map { $0.filter { $0 != " " } }
        guard type?.lowercased() == "application/json" else { throw Self.notFound }
    }
}
