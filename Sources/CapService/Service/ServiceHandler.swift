import UCAN

/// Sends each request to its route and each failure to its answer.
struct ServiceHandler: HTTPHandler {
    private let service: Service
    private let router: Router<ServiceRoute>
    private let xrpc: XRPCDispatcher

    /// With `table` methods are served in place of those of the service's families.
    init(_ service: Service, table: XRPCTable? = nil) {
        self.service = service
        xrpc = XRPCDispatcher(service: service, table: table ?? service.families.table)
        var router = Router<ServiceRoute>()
        for route in service.families.routes {
            if route.isPrefix {
                router.addPrefix(route.method, route.path, route)
            } else {
                router.add(route.method, route.path, route)
            }
        }
        self.router = router
    }

    /// What of a body longer than usual a request may send, by its head.
    func bodyLeave(_ request: HTTPRequest) -> HTTPBodyLeave {
        let isXRPC = request.path.utf8.starts(with: XRPCDispatcher.prefix.utf8)
        do throws(ErrorAnswer) {
            // Here too something is verified: who announces long bodies is counted by those as well.
            try service.checkAddress(of: request)
        } catch {
            let failure =
                isXRPC ? XRPCAnswer.failure(error, nsid: xrpc.name(of: request), request: request) : error
            return .refused(Answer.refusal(failure, service, route: "limited", request: request))
        }
        return isXRPC ? xrpc.bodyLeave(request) : service.bodyLeave(request)
    }

    func handle(_ request: HTTPRequest, _ reply: HTTPReply) {
        if request.method == .options {
            Answer(service, reply, route: "options", request: request, isPublic: true).send(HTTPResponse(status: 200))
            return
        }
        let isXRPC = request.path.utf8.starts(with: XRPCDispatcher.prefix.utf8)
        do throws(ErrorAnswer) {
            // Who watches over the service asks what costs nothing, and is always answered.
            if request.path != "/healthz", request.path != "/readyz" { try service.checkAddress(of: request) }
        } catch {
            if isXRPC { return xrpc.refuse(request, reply, error) }
            return Answer(service, reply, route: "limited", request: request).fail(error)
        }
        if isXRPC { return xrpc.handle(request, reply) }
        switch router.match(request.method, request.path) {
        case .found(let route, let rest):
            let answer = Answer(service, reply, route: route.name, request: request, isPublic: route.isPublic)
            do throws(ErrorAnswer) {
                try route.serve(service, request, rest, answer)
            } catch {
                guard let issuer = error.unresolved else { return answer.fail(error) }
                resolve(issuer, route, rest, request, answer)
            }
        case .methodNotAllowed(let methods):
            let answer = Answer(service, reply, route: "unknown", request: request)
            let names = methods.map(\.name).joined(separator: ", ")
            var failure = ErrorAnswer(405, "methodNotAllowed", "this path answers \(names)", form: .json)
            failure.allowedMethods = names
            answer.fail(failure)
        case .notFound:
            Answer(service, reply, route: "unknown", request: request).fail(ServiceRoute.notFound)
        }
    }

    /// Asks for the issuer's document where waiting is allowed, and serves the request again.
    private func resolve(
        _ issuer: DID, _ route: ServiceRoute, _ rest: Substring, _ request: HTTPRequest, _ answer: Answer
    ) {
        let isTaken = service.pool.run {
            service.resolve(issuer)
            do throws(ErrorAnswer) {
                try route.serve(service, request, rest, answer)
            } catch {
                answer.fail(error)
            }
        }
        if !isTaken {
            answer.fail(ErrorAnswer(503, "busy", "too many requests are waiting", form: .json, retryAfter: 1))
        }
    }
}
