import Multiformats
import UCAN

extension Attack {
    /// One address sends delegations that are sound, each by a key of its own.
    static let freshKeys = Attack(name: "fresh-keys") { arena in
        try limited(arena) + counted(arena) + unlimited(arena) + expired(arena)
    }

    private static let perSecond = 50.0
    /// An address may make ten times the burst of a principal at once.
    private static let burst = 1000.0
    private static let settings = [
        "--address-requests-per-minute", "3000", "--request-burst", "100", "--unhosted-per-hour", "0",
    ]

    private static func limited(_ arena: Arena) throws -> [Bound] {
        let scene = try arena.start(settings)
        let before = try (edges: scene.metric("capservice_edges"), disk: scene.disk())
        let audience = scene.cast.holders[1].did
        var flood: Flood?
        var growth = 0.0
        let began = Clock.milliseconds()
        var bounds = try Bystander.bounds(scene, "limited") {
            growth = try scene.growth {
                flood = try Flood(arena.scale(20_000, short: 2500), scene) { _, connection in
                    try connection.delegate(Stranger().delegation(to: audience).authorization())
                }
            }
        }
        let seconds = Double(Clock.milliseconds() - began) / 1000
        guard let flood else { return bounds }
        // What the bystander added is no more than this: a few before and at least, and it waits between its writes.
        let written = 100 + 50 * seconds
        let allowed = burst + perSecond * seconds
        bounds += [
            .least("calls of one address refused with 429", flood[429], 1, .count),
            .most("refusals without Retry-After", flood.withoutRetryAfter, 0, .count),
            .most("delegations of one address that are taken", flood[200], allowed + 10, .count),
            .most(
                "edges that the index holds more", try scene.metric("capservice_edges") - before.edges,
                allowed + written, .count),
            .most("growth of memory", growth, 16e6 + 1000 * (flood[200] + written), .bytes),
            // The log beside the database keeps its size when it is written anew.
            .most("growth of the disk", scene.disk() - before.disk, 32e6 + 4000 * (flood[200] + written), .bytes),
        ]
        return bounds
    }

    /// What fails, and what asks for nothing that is kept, is counted too; each kind comes from an address of its own.
    private static func counted(_ arena: Arena) throws -> [Bound] {
        let burst = 300
        let scene = try arena.start(["--address-requests-per-minute", "3000", "--request-burst", "\(burst / 10)"])
        let stranger = try Stranger()
        var forged = try stranger.delegation(to: scene.cast.holders[1].did).authorization()
        let place = forged.index(forged.endIndex, offsetBy: -20)
        forged.replaceSubrange(place...place, with: forged[place] == "A" ? "B" : "A")
        let calls: [(name: String, bytes: [UInt8])] = [
            ("bad signatures", XRPCConnection.request("POST", "/delegate", nil, ["Authorization: \(forged)"])),
            ("describeServer", XRPCConnection.request("GET", "/xrpc/com.atproto.server.describeServer")),
            ("/metrics", XRPCConnection.request("GET", "/metrics")),
            ("/version", XRPCConnection.request("GET", "/version")),
            ("paths that are not there", XRPCConnection.request("GET", "/nowhere")),
            ("malformed bodies", XRPCConnection.request("POST", "/authorize", nil, [], Array("{".utf8))),
        ]
        return try calls.enumerated().map { number, call in
            let flood = try Flood(burst + 200, scene, from: "127.0.1.\(number + 1)") { _, connection in
                try connection.send(call.bytes)
                return try connection.receive()
            }
            return .least("\(call.name) refused with 429 after the burst", flood[429], 1, .count)
        }
    }

    /// The same with the usual settings.
    private static func unlimited(_ arena: Arena) throws -> [Bound] {
        let count = arena.scale(20_000, short: 1000)
        let scene = try arena.start()
        let before = try (edges: scene.metric("capservice_edges"), disk: scene.disk())
        let audience = scene.cast.holders[1].did
        var flood: Flood?
        let growth = try scene.growth {
            flood = try Flood(count, scene) { _, connection in
                try connection.delegate(Stranger().delegation(to: audience).authorization())
            }
        }
        guard let flood else { return [] }
        let kept = try scene.metric("capservice_edges") - before.edges
        _ = try scene.verified("entries")
        return [
            .least("calls refused with 429 with the usual settings", flood[429], 1, .count),
            .most(
                "edges kept for each delegation of a space not hosted, with the usual settings", kept / Double(count),
                0.5,
                .times),
            .most("growth of memory with the usual settings", growth, 16e6 + 1000 * kept, .bytes),
            .most("growth of the disk with the usual settings", scene.disk() - before.disk, 32e6 + 4000 * kept, .bytes),
        ]
    }

    /// Nothing is kept in the index of what ran out.
    private static func expired(_ arena: Arena) throws -> [Bound] {
        let clock = try ClockFile(arena.path("clock"))
        let scene = try arena.start(["--clock-file", clock.path, "--unhosted-per-hour", "0"])
        let before = try scene.metric("capservice_edges")
        let audience = scene.cast.holders[1].did
        _ = try Flood(300, scene) { _, connection in
            try connection.delegate(Stranger().delegation(to: audience, lifetime: 60).authorization())
        }
        try clock.advance(seconds: 3600)
        // A change after their end is what a sweep may wait for.
        _ = try scene.connection().delegate(
            Stranger().delegation(to: audience, lifetime: 7200).authorization())
        let end = Clock.milliseconds() + 2000
        var left = Double.infinity
        repeat {
            left = try scene.metric("capservice_edges") - before
            Clock.wait(microseconds: 100_000)
        } while left > 10 && Clock.milliseconds() < end
        return [.most("edges of 300 delegations that ran out an hour ago", left, 10, .count)]
    }
}
