import Storage

/// One route of this service by its path, and what serves it.
struct ServiceRoute: Sendable {
    /// What follows the prefix by which a route was found is given with the request.
    typealias Serve = @Sendable (Service, HTTPRequest, Substring, Answer) throws(ErrorAnswer) -> Void

    /// The name by which answers are counted.
    let name: String
    let method: HTTPMethod
    let path: String
    /// True where the route answers every path that begins with its own.
    let isPrefix: Bool
    /// True for what is the same to everybody, which a cache may keep.
    let isPublic: Bool
    let serve: Serve

    init(
        _ name: String, _ method: HTTPMethod, _ path: String, isPrefix: Bool = false, isPublic: Bool = false,
        _ serve: @escaping Serve
    ) {
        self.name = name
        self.method = method
        self.path = path
        self.isPrefix = isPrefix
        self.isPublic = isPublic
        self.serve = serve
    }

    /// What somebody signs, by whichever family's resources it names: admitted, used, ended and asked about.
    static let tinyCloud = [
        ServiceRoute("delegate", .post, "/delegate") { service, request, _, answer throws(ErrorAnswer) in
            try service.store.announcing { () throws(ErrorAnswer) in try service.delegate(request, answer) }
        },
        ServiceRoute("invoke", .post, "/invoke") { service, request, _, answer throws(ErrorAnswer) in
            try service.store.announcing { () throws(ErrorAnswer) in try service.invoke(request, answer) }
        },
        ServiceRoute("revoke", .post, "/revoke") { service, request, _, answer throws(ErrorAnswer) in
            try service.store.announcing { () throws(ErrorAnswer) in try service.revoke(request, answer) }
        },
        ServiceRoute("delegationStatus", .post, "/delegation/status") {
            service, request, _, answer throws(ErrorAnswer) in
            try requireJSON(request)
            try service.delegationStatus(request, answer)
        },
        ServiceRoute("delegationQuery", .post, "/delegation/query") { service, request, _, answer throws(ErrorAnswer) in
            try requireJSON(request)
            try service.delegationQuery(request, answer)
        },
        ServiceRoute("peerGenerate", .get, "/peer/generate/", isPrefix: true) {
            service, _, rest, answer throws(ErrorAnswer) in
            answer.send(try service.peerGenerate(rest))
        },
    ]

    /// The documents by which accounts of this host are known elsewhere.
    static let accounts = [
        ServiceRoute("didDocument", .get, "/.well-known/did.json", isPublic: true) {
            service, request, _, answer throws(ErrorAnswer) in
            answer.send(try service.wellKnownDocument(request))
        },
        ServiceRoute("accountDID", .get, "/.well-known/atproto-did", isPublic: true) {
            service, request, _, answer throws(ErrorAnswer) in
            answer.send(try service.wellKnownDID(request))
        },
    ]

    /// Questions to the gate about whatever family, and how the service is.
    static let host =
        [
            ServiceRoute("authorize", .post, "/authorize") { service, request, _, answer throws(ErrorAnswer) in
                try service.authorize(request, answer)
            },
            ServiceRoute("evaluation", .post, "/access/v1/evaluation") {
                service, request, _, answer throws(ErrorAnswer) in
                try service.evaluation(request, answer)
            },
            ServiceRoute("evaluations", .post, "/access/v1/evaluations") {
                service, request, _, answer throws(ErrorAnswer) in
                try service.evaluations(request, answer)
            },
            ServiceRoute("whoCan", .post, "/questions/who-can") { service, request, _, answer throws(ErrorAnswer) in
                try service.whoCan(request, answer)
            },
            ServiceRoute("whatCan", .post, "/questions/what-can") { service, request, _, answer throws(ErrorAnswer) in
                try service.whatCan(request, answer)
            },
            ServiceRoute("path", .post, "/questions/path") { service, request, _, answer throws(ErrorAnswer) in
                try service.path(request, answer)
            },
            ServiceRoute("whatIf", .post, "/questions/whatif") { service, request, _, answer throws(ErrorAnswer) in
                try service.whatIf(request, answer)
            },
            ServiceRoute("metrics", .get, "/metrics", isPublic: true) { service, _, _, answer throws(ErrorAnswer) in
                try service.reading(answer) { service.metricsText() }
            },
        ]
        + ["version", "info"].map { name in
            ServiceRoute(name, .get, "/" + name, isPublic: true) { service, _, _, answer throws(ErrorAnswer) in
                answer.send(service.nodeInfo())
            }
        }
        + ["health", "healthz"].map { name in
            ServiceRoute(name, .get, "/" + name, isPublic: true) { service, _, _, answer throws(ErrorAnswer) in
                answer.send(try service.health())
            }
        }
        + [
            ServiceRoute("readyz", .get, "/readyz", isPublic: true) { service, _, _, answer throws(ErrorAnswer) in
                try service.reading(answer) { () throws(ErrorAnswer) in try service.readiness() }
            }
        ]

    static let notFound = ErrorAnswer(404, "notFound", "there is no such path", form: .json)

    /// Without the JSON type no route of the reference matches, so it answers 404 (tinycloud.md 6.1).
    private static func requireJSON(_ request: HTTPRequest) throws(ErrorAnswer) {
        let type = request.headers["Content-Type"]?.split(separator: ";").first.map { $0.filter { $0 != " " } }
        guard type?.lowercased() == "application/json" else { throw notFound }
    }
}
