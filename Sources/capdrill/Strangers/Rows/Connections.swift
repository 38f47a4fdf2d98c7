extension Attack {
    /// One address takes every connection there is and drips into each.
    static let connections = Attack(name: "connections") { arena in
        let usual = try answered(arena, "with the usual settings", [])
        return try usual + answered(arena, "with a share for each address", ["--max-connections-per-address", "512"])
    }

    private static func answered(_ arena: Arena, _ label: String, _ settings: [String]) throws -> [Bound] {
        let scene = try arena.start(settings)
        var held: [XRPCConnection] = []
        var delays: [Double] = []
        var refused = ""
        let growth = try scene.growth {
            // The head never ends; its deadline is longer than what follows takes.
            let start = Array("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Drip: ".utf8)
            for _ in 0..<1100 {
                guard let connection = try? scene.connection() else { continue }
                try? connection.send(start)
                held.append(connection)
            }
            for place in 0..<20 {
                for connection in held where place % 5 == 0 { try? connection.send([0x61]) }
                let began = Clock.microseconds()
                do {
                    let answer = try scene.connection(Arena.bystander).ask("GET", "/healthz", nil)
                    guard answer.status == 200 else { throw DrillFailure(answer.summary) }
                    delays.append(Double(Clock.microseconds() - began) / 1000)
                } catch {
                    refused = (error as? DrillFailure)?.text ?? "the connection is cut"
                }
            }
        }
        return [
            .least(
                "\(label), new connections of another address answered of 20", Double(delays.count), 20, .count,
                note: refused),
            .most("\(label), memory of 1100 connections", growth, 1100 * 64 * 1024, .bytes),
        ]
            + (delays.isEmpty
                ? []
                : [
                    .most(
                        "\(label), half of the answers to another address", Bystander.Delays(delays).share(0.5), 50,
                        .milliseconds)
                ])
    }
}
