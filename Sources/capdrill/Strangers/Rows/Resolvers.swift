import ATProto
import Glibc
import Multiformats
import UCAN

extension Attack {
    /// Strangers have documents looked up at a host that never answers, while peers that do answer call.
    static let resolvers = Attack(name: "resolvers") { arena in
        let key = try PrivateKey.generate(.p256)
        let healthy = try NewsReceiver { path, port in
            // `/peer1/did.json` is the document of did:web:localhost%3APORT:peer1.
            let name = path.split(separator: "/").first.map(String.init) ?? ""
            let did = "did:web:localhost%3A\(port):\(name)"
            let method: JSON = [
                "id": .string(did + "#atproto"), "type": "Multikey", "controller": .string(did),
                "publicKeyMultibase": .string(String(key.did.text.dropFirst("did:key:".count))),
            ]
            return ["id": .string(did), "verificationMethod": [method]]
        }
        try healthy.start()
        // A listener whose connections nobody takes: they are open, and nothing comes.
        let silent = try NewsReceiver()
        let scene = try arena.start(["--registration", "open", "--allow-loopback-peers", "on"])
        let owner = try Accounts.register("owner", scene)
        let space = try Spaces.make(scene, owner.token)
        let peers = (0..<20).map { "did:web:localhost%3A\(healthy.port):peer\($0)" }
        for peer in peers { try Spaces.add(scene, peer, to: space, owner.token) }
        let service = try scene.connection().get("com.atproto.server.describeServer", [], nil).json["did"]?.string
        /// Has each peer ask about itself.
        func ask() throws -> [XRPCConnection.Answer] {
            let connection = try scene.connection(Arena.bystander)
            let method = "com.atproto.simplespace.listMembers"
            return try peers.map { peer in
                let token = try ServiceAuthToken.make(
                    issuer: peer, audience: service ?? "", method: method, key: key, at: Clock.now())
                return try connection.get(method, [("space", space), ("did", peer)], token)
            }
        }
        func answered(_ name: String, _ answers: [XRPCConnection.Answer]) -> Bound {
            .least(
                name, Double(answers.count { $0.status == 200 }), Double(peers.count), .count,
                note: answers.first { $0.status != 200 }?.summary ?? "")
        }
        var answers: [XRPCConnection.Answer] = []
        var bounds = try Bystander.bounds(scene) {
            var callers: [XRPCConnection] = []
            for number in 0..<40 {
                let caller = try scene.connection()
                let did = "did:web:localhost%3A\(silent.port):slow\(number)"
                let path = "/xrpc/com.atproto.identity.resolveDid?did=\(PercentEncoding.encode(did))"
                try caller.send(XRPCConnection.request("GET", path))
                callers.append(caller)
            }
            // Until the service has asked, so that the peers come after.
            Clock.wait(microseconds: 300_000)
            answers = try ask()
            // Those who wait are told in the end.
            if !arena.isShort { for caller in callers { _ = try caller.receive() } }
        }
        bounds.append(answered("calls of members answered of 20", answers))
        // That there was no room for a question is no answer to it, so that nobody is told it later.
        if !arena.isShort { bounds.append(answered("calls of members answered of 20 at once afterwards", try ask())) }
        return bounds
    }
}
