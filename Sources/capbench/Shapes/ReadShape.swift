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
            _ = try Load.run([Load.request("/delegate", authorization: authorization)], port: service.port)
        }
        let leaf = try UnverifiedToken.decode(authorization: world.children[0]).cid.text
        var results: [Measurement] = []
        for (name, parameters) in [
            ("chain", ["type": "chain", "delegation_cid": .string(leaf)] as JSON),
            ("list-10", ["type": "list", "limit": 10, "filters": ["direction": "created"]] as JSON),
        ] {
            let tokens = try (0..<scale.requests).map {
                try world.read(
                    $0 + (name == "chain" ? 0 : 1_000_000), parameters: parameters, at: Stopwatch.wallClock())
            }
            let requests = tokens.map { Load.request("/invoke", authorization: $0) }
            let before = service.cpuSeconds()
            _ = try Load.run(requests, port: service.port)
            let cpu = service.cpuSeconds() - before
            let verification = verify(tokens, world.session.publicKey)
            results.append(
                Measurement(
                    shape: "read-http-\(name)", value: Double(requests.count) / cpu,
                    floor: Double(tokens.count) / verification * 1e9, unit: "1/cpu s", target: .atLeast(0.6)))
        }
        return results
    }

    private static func verify(_ tokens: [[UInt8]], _ key: PublicKey) -> Double {
        let parts = tokens.map { bytes in
            let split = bytes.lastIndex(of: UInt8(ascii: ".")) ?? 0
            return (Array(bytes[..<split]), Base64URL.decode(bytes[(split + 1)...], padding: .forbidden) ?? [])
        }
        let start = Stopwatch.threadNanoseconds()
        for (message, signature) in parts { precondition(key.verify(signature: signature, message: message)) }
        return Stopwatch.threadNanoseconds() - start
    }
}
