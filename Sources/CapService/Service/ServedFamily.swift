import CapabilityGraph
import Spaces
import Storage

/// A family as this service has it: what the graph knows of it, what it keeps, and the routes it is served by.
protocol ServedFamily: Sendable {
    /// A new one for each store that is opened.
    func kept() -> any StoreFamily
    /// Routes by path.
    var routes: [ServiceRoute] { get }
    /// Methods below `/xrpc/`.
    var methods: [XRPCMethod] { get }
}

extension ServedFamily {
    var routes: [ServiceRoute] { [] }
    var methods: [XRPCMethod] { [] }
}

/// Wallets and what they delegate, with the key-value plane.
struct ServedTinyCloud: ServedFamily {
    func kept() -> any StoreFamily { GraphOnly(TinyCloud()) }
    var routes: [ServiceRoute] { ServiceRoute.tinyCloud }
}

/// Permissioned spaces, the accounts of this host and their documents.
struct ServedSpaces: ServedFamily {
    func kept() -> any StoreFamily { SpaceCatalog() }
    var routes: [ServiceRoute] { ServiceRoute.accounts }
    var methods: [XRPCMethod] {
        [
            ServerRoutes.methods, SessionRoutes.methods, AppPasswordRoutes.methods, ServiceAuthRoutes.methods,
            IdentityRoutes.methods, NotificationRoutes.methods, SpaceRoutes.methods, MemberRoutes.methods,
            InviteRoutes.methods, GraphRoutes.methods, RecordRoutes.methods, CredentialRoutes.methods,
            LegacyCredentialRoutes.methods, RepoRoutes.methods, BlobRoutes.methods,
        ].flatMap { $0 }
    }
}

/// The families of one service, and all they are served by.
struct ServedFamilies: Sendable {
    let all: [any ServedFamily]
    /// Those of the families, and those that are no family's.
    let routes: [ServiceRoute]
    let table: XRPCTable

    /// What `capservice` serves.
    static let standard = ServedFamilies([ServedTinyCloud(), ServedSpaces()])

    init(_ families: [any ServedFamily]) {
        all = families
        routes = families.flatMap { $0.routes } + ServiceRoute.host
        table = XRPCTable(families.flatMap { $0.methods })
    }

    /// What the families keep, for one store.
    func kept() -> [any StoreFamily] { all.map { $0.kept() } }

    /// Throws where two of them answer one path or one method, and where a route would never be asked.
    func requireDistinct() throws(StorageError) {
        for route in routes {
            let isHidden =
                route.path.utf8.starts(with: XRPCDispatcher.prefix.utf8)
                || routes.contains { other in
                    other.isPrefix && other.path != route.path && route.path.utf8.starts(with: other.path.utf8)
                }
            guard !isHidden else { throw StorageError(.internal, "`\(route.path)` lies below another route") }
        }
        var seen: Set<String> = []
        let names =
            routes.map { "\($0.method.name) \($0.path)" }
            + table.methods.flatMap { method in
                ([method.nsid] + method.aliases).map { "\(method.verb.method.name) \(XRPCDispatcher.prefix)\($0)" }
            }
        for name in names where !seen.insert(name).inserted {
            throw StorageError(.internal, "two families serve `\(name)`")
        }
    }
}
