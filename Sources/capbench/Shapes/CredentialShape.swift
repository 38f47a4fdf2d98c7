import ATProto
import Multiformats
import UCAN

/// Delegation token and exchange over HTTP, a second of the service's cpu against a second of the signatures they need
/// and nothing else: two made and two checked.
enum CredentialShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let world = try SpaceWorld(people: 2)
        let reader = world.people[1]
        let count = max(100, scale.requests / 10)
        let key = try PrivateKey(curve: .p256, seed: SHA256.hash(Array("bench".utf8)).bytes)
        let query = "space=" + SpaceWorld.escaped(world.space)
        let commits = try world.service.metric("capservice_commits")
        var spent = 0.0
        for _ in 0..<4 {
            var start = world.service.cpuSeconds()
            let connections = try (0..<Load.connections).map { _ in try LoadConnection(port: world.service.port) }
            let ask = SpaceWorld.request("com.atproto.space.getDelegationToken", reader, nil, query: query)
            var tokens: [String] = []
            for number in 0..<(count / 4) {
                let reply = try connections[number % connections.count].exchange(ask)
                guard let token = try JSON.parse(reply.body)["token"]?.string else {
                    throw BenchError(message: "no token: \(String(decoding: reply.body, as: UTF8.self))")
                }
                tokens.append(token)
            }
            spent += world.service.cpuSeconds() - start
            let requests = try tokens.map { try world.exchangeRequest($0, key: key) }
            start = world.service.cpuSeconds()
            _ = try Load.run(requests, port: world.service.port)
            spent += world.service.cpuSeconds() - start
        }
        let syncs = try world.service.metric("capservice_commits") - commits
        let made = Double(count / 4 * 4)
        return [
            Measurement(
                shape: "credential-exchange", value: made / spent, floor: try bare(key), unit: "1/cpu s",
                target: .atLeast(0.3)),
            Measurement(
                shape: "credential-exchange-syncs", value: syncs / made, floor: 2, unit: "syncs", target: .atMost(1)),
        ]
    }

    private static func bare(_ request: PrivateKey) throws -> Double {
        let account = try PrivateKey(curve: .secp256k1, seed: SHA256.hash(Array("account".utf8)).bytes)
        let message = Array("a message of some length, as tokens are".utf8)
        let (made, signed) = (try account.sign(message), try request.sign(message))
        let time = try Stopwatch.best(of: 3) {
            for _ in 0..<200 {
                keep(try account.sign(message))
                keep(try account.sign(message))
                precondition(account.publicKey.verify(signature: made, message: message))
                precondition(request.publicKey.verify(signature: signed, message: message))
            }
        }
        return 200 / time * 1e9
    }
}
