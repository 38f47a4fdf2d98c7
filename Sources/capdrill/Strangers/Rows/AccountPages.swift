import Multiformats
import UCAN

extension Attack {
    /// A page of an account costs what the page is, not what the account is, whoever made it long.
    static let accountPages = Attack(name: "account-pages") { arena in
        let scene = try arena.start(["--unhosted-per-hour", "0"])
        let own = arena.scale(2000, short: 1000)
        let few = 20
        try AccountPages.give(scene, few)
        let short = try AccountPages.cost(scene, "granted")
        try AccountPages.give(scene, own - few)
        let long = try AccountPages.cost(scene, "granted")
        // Strangers give something to the account and to the key of its session.
        let audiences = [scene.cast.wallet.did(), scene.cast.session.did]
        func receive(_ count: Int) throws -> Double {
            let flood = try Flood(count, scene) { number, connection in
                try connection.delegate(Stranger().delegation(to: audiences[number % 2]).authorization())
            }
            guard flood[200] == Double(count) else { throw DrillFailure("a gift is refused: \(flood.summary)") }
            return try AccountPages.cost(scene, "received")
        }
        let received = try receive(few)
        let besieged = try receive(own - few)
        var pages: Flood?
        let cast = scene.cast
        var bounds = try Bystander.bounds(scene, "600 pages") {
            pages = try Flood(600, scene, threads: 8) { _, connection in try AccountPages.ask(cast, connection, "all")
            }
        }
        bounds += [
            .most("cpu of a page of a long account, against a short one", long / short, 2, .times),
            .most("cpu of a page of what many strangers gave, against few", besieged / received, 2, .times),
            .least("pages answered of 600", pages?[200] ?? 0, 600, .count),
        ]
        return bounds
    }
}

/// Asks for pages of the account of a scene's wallet.
enum AccountPages {
    /// The session gives so many delegations.
    static func give(_ scene: Scene, _ count: Int) throws {
        let cast = scene.cast
        let flood = try Flood(count, scene, from: Arena.bystander) { number, connection in
            let token = try TokenMaker.ucan(
                issuer: cast.session, audience: cast.holders[number % 6].did,
                capabilities: [
                    TokenCapability(resource: "\(cast.space)/kv/own/\(number)", ability: "tinycloud.kv/get")
                ], proofs: [cast.rootCID], expires: Clock.now().adding(seconds: 3600),
                nonce: TokenMaker.freshNonce())
            return try connection.delegate(token.authorization())
        }
        guard flood[200] == Double(count) else { throw DrillFailure("a delegation is refused: \(flood.summary)") }
    }

    static func ask(_ cast: Cast, _ connection: XRPCConnection, _ direction: String) throws -> XRPCConnection.Answer {
        let token = try TokenMaker.invocation(
            invoker: cast.session,
            capabilities: [
                TokenCapability(resource: "\(cast.space)/delegation", ability: "tinycloud.delegation/list")
            ], proofs: [cast.rootCID], expires: Clock.now().adding(seconds: 290))
        let body: JSON = ["direction": .string(direction), "limit": 20]
        return try connection.ask(
            "POST", "/delegation/query", nil,
            ["Authorization: \(token.authorization())", "Content-Type: application/json"], body.serialized())
    }

    /// Milliseconds of cpu for a page; the least of several goes, as others use the machine too.
    static func cost(_ scene: Scene, _ direction: String) throws -> Double {
        let connection = try scene.connection(Arena.bystander)
        return try (0..<3).map { _ in
            try scene.cpu(ofEach: 30) {
                for _ in 0..<30 {
                    let answer = try ask(scene.cast, connection, direction)
                    guard answer.status == 200 else { throw DrillFailure("a page is refused: \(answer.summary)") }
                }
            }
        }.min() ?? 0
    }
}
