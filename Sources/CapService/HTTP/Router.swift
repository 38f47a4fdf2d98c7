/// Finds the route of a request by method and path; what to answer when there is none is left to the caller.
///
/// An exact path wins over prefixes, a longer prefix over a shorter one. HEAD finds the route of GET unless it has its
/// own. Paths are compared raw, as bytes: `/a%62` is not `/ab`.
struct Router<Route: Sendable>: Sendable {
    enum Match {
        /// The route, and what follows the prefix it was found by (empty for an exact path).
        case found(Route, rest: Substring)
        /// The path is known, but not with this method; these are allowed, sorted by name.
        case methodNotAllowed([HTTPMethod])
        case notFound
    }

    private typealias Methods = [HTTPMethod: Route]
    private var exact: [[UInt8]: Methods] = [:]
    // Sorted by falling length.
    private var prefixes: [(prefix: [UInt8], methods: Methods)] = []

    /// Adds a route for one path; a later one for the same method and path replaces it.
    mutating func add(_ method: HTTPMethod, _ path: String, _ route: Route) {
        exact[Array(path.utf8), default: [:]][method] = route
    }

    /// Adds a route for every path that begins with `prefix`, which should end with `/`.
    mutating func addPrefix(_ method: HTTPMethod, _ prefix: String, _ route: Route) {
        let bytes = Array(prefix.utf8)
        if let index = prefixes.firstIndex(where: { $0.prefix == bytes }) {
            prefixes[index].methods[method] = route
            return
        }
        let place = prefixes.firstIndex { $0.prefix.count < bytes.count } ?? prefixes.endIndex
        prefixes.insert((bytes, [method: route]), at: place)
    }

    /// Finds the route of a method and a raw path.
    func match(_ method: HTTPMethod, _ path: String) -> Match {
        let bytes = Array(path.utf8)
        var allowed: Set<HTTPMethod> = []
        if let methods = exact[bytes] {
            if let route = Self.route(method, methods) { return .found(route, rest: path.suffix(0)) }
            allowed.formUnion(methods.keys)
        }
        for (prefix, methods) in prefixes where bytes.starts(with: prefix) {
            if let route = Self.route(method, methods) {
                let start = path.utf8.index(path.startIndex, offsetBy: prefix.count)
                return .found(route, rest: path[start...])
            }
            allowed.formUnion(methods.keys)
        }
        if allowed.isEmpty { return .notFound }
        if allowed.contains(.get) { allowed.insert(.head) }
        return .methodNotAllowed(allowed.sorted { $0.name < $1.name })
    }

    private static func route(_ method: HTTPMethod, _ methods: Methods) -> Route? {
        methods[method] ?? (method == .head ? methods[.get] : nil)
    }
}
