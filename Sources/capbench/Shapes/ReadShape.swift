import CapabilityGraph
import Multiformats
import UCAN

/// Capabilities reads over HTTP, each with a token of its own, a second of the service's cpu against a second of bare
/// signature checks.
enum ReadShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SignedWorld(children: 64, now: Stopwatch.wallClock())
        let service = try ServiceUnderTest()
        for authorization in [world.host, world.root] + world.children {
            _ = try service.run([Load.request("/delegate", authorization: authorization)])
        }
        let leaf = try UnverifiedToken.decode(authorization: world.children[0]).cid.text
        var results: [Measurement] = []
        for (name, parameters) in [
            ("chain", ["type": "chain", "delegation_cid": .string(leaf)] as JSON),
            ("list-10", ["type": "list", "limit": 10, "filters": ["direction": "created"]] as JSON),
        ] {
            let each = scale.requests / Rounds.count
            let tokens = try (0...Rounds.count).map { round in
                try (0..<each).map {
                    try world.read(
                        round * each + $0 + (name == "chain" ? 0 : 1_000_000), parameters: parameters,
                        at: Stopwatch.wallClock())
                }
            }
            let taken = try Rounds.measure { round in
                try service.cpu(tokens[round].map { Load.request("/invoke", authorization: $0) })
            } floor: { round in
                verify(tokens[round], world.session.publicKey)
            }
            let count = Double(each * Rounds.count)
            results.append(
                Measurement(
                    shape: "read-http-\(name)", value: count / taken.value, floor: count / taken.floor,
                    unit: "1/cpu s", target: .atLeast(0.6)))
        }
        return results
    }

    /// Cpu seconds of bare signature checks.
    private static func verify(_ tokens: [[UInt8]], _ key: PublicKey) -> Double {
        let parts = tokens.map { bytes in
            let split = bytes.lastIndex(of: UInt8(ascii: ".")) ?? 0
            return (Array(bytes[..<split]), Base64URL.decode(bytes[(split + 1)...], padding: .forbidden) ?? [])
        }
        let start = Stopwatch.threadNanoseconds()
        for (message, signature) in parts { precondition(key.verify(signature: signature, message: message)) }
        return (Stopwatch.threadNanoseconds() - start) / 1e9
    }
}
