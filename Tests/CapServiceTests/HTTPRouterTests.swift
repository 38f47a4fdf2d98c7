import Testing

@testable import CapService

@Suite struct HTTPRouterTests {
    static let router: Router<Int> = {
        var router = Router<Int>()
        router.add(.post, "/invoke", 1)
        router.add(.get, "/version", 2)
        router.addPrefix(.get, "/explore/", 3)
        router.addPrefix(.get, "/explore/deep/", 4)
        router.add(.get, "/explore/exact", 5)
        router.addPrefix(.put, "/explore/", 6)
        return router
    }()

    private func describe(_ method: HTTPMethod, _ path: String) -> String {
        switch Self.router.match(method, path) {
        case .found(let route, let rest): "\(route):\(rest)"
        case .methodNotAllowed(let methods): methods.map(\.name).joined(separator: ",")
        case .notFound: "none"
        }
    }

    @Test(arguments: [
        (HTTPMethod.post, "/invoke", "1:"),
        (.get, "/version", "2:"),
        (.head, "/version", "2:"),
        (.get, "/explore/a/b", "3:a/b"),
        (.get, "/explore/", "3:"),
        (.get, "/explore/deep/x", "4:x"),
        (.get, "/explore/exact", "5:"),
        (.put, "/explore/exact", "6:exact"),
        (.put, "/explore/deep/x", "6:deep/x"),
        (.get, "/invoke", "POST"),
        (.delete, "/version", "GET,HEAD"),
        (.delete, "/explore/x", "GET,HEAD,PUT"),
        (.other("PATCH"), "/invoke", "POST"),
        (.get, "/explore", "none"),
        (.get, "/versio%6e", "none"),
        (.get, "/Version", "none"),
        (.get, "", "none"),
    ])
    func findsTheRoute(method: HTTPMethod, path: String, expected: String) {
        #expect(describe(method, path) == expected)
    }
}
