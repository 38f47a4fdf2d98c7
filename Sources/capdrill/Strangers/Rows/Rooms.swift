import UCAN

extension Attack {
    /// Strangers name resources that nobody named before, in delegations that soon run out.
    static let rooms = Attack(name: "rooms") { arena in
        let clock = try ClockFile(arena.path("clock"))
        let scene = try arena.start(["--clock-file", clock.path, "--unhosted-per-hour", "0"])
        let audience = scene.cast.holders[1].did
        let count = arena.scale(2000, short: 300)
        let length = 1900
        func fill(after seconds: Int64) throws {
            let flood = try Flood(count, scene) { number, connection in
                // Ten of nearly the longest a resource may be.
                let tail = String(repeating: "r", count: length)
                let paths = (0..<10).map { "kv/\(seconds)-\(number)-\($0)/\(tail)" }
                let token = try Stranger().delegation(
                    to: audience, paths: paths, lifetime: 60, at: Clock.now().adding(seconds: seconds))
                return try connection.delegate(token.authorization())
            }
            guard flood[200] > 0 else { throw DrillFailure("a delegation is refused: \(flood.summary)") }
            try clock.advance(seconds: seconds + 3600)
        }
        // What comes first takes room once; what comes when it ran out may have that.
        try fill(after: 0)
        let before = try scene.memory()
        for round in 1...2 { try fill(after: Int64(round) * 3600) }
        let named = Double(2 * count * 10 * length)
        return [
            .most(
                "memory of new resources when the first ran out, against their bytes",
                try max(0, scene.memory() - before) / named, 0.5, .times)
        ]
    }
}
