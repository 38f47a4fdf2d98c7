import CapTesting
import Glibc
import Multiformats
import Synchronization
import Testing
import UCAN

/// Sixty-four connections ask rightly and wrongly at once while others give and revoke.
@Suite struct CrowdTests {
    /// What the threads share: no thread touches the scene itself.
    private final class Shared: Sendable {
        let port: UInt16
        let now: Int64
        let space: SpaceName
        let session: PrivateKey
        let root: UnverifiedToken
        let end: UInt64
        let wrongs = Mutex<[String]>([])
        let granted = Mutex<[String]>([])
        let revoked = Mutex<Set<String>>([])
        let counts = Mutex<[String: Int]>([:])

        init(_ scene: Scene, _ root: UnverifiedToken, seconds: UInt64) {
            port = scene.service.port
            now = scene.now
            space = scene.space
            session = scene.session
            self.root = root
            end = Self.clock() + seconds * 1_000_000_000
        }

        static func clock() -> UInt64 {
            var time = timespec()
            clock_gettime(CLOCK_MONOTONIC, &time)
            return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
        }

        var isOver: Bool { Self.clock() >= end }

        func time(_ after: Int64) -> Timestamp { Timestamp(seconds: now + after) }

        func expect(_ isRight: Bool, _ what: @autoclosure () -> String) {
            if !isRight { wrongs.withLock { if $0.count < 20 { $0.append(what()) } } }
        }

        func count(_ kind: String) { counts.withLock { $0[kind, default: 0] += 1 } }

        func ucan(
            _ issuer: PrivateKey, to audience: DID, _ capabilities: [TokenCapability], _ proof: UnverifiedToken,
            lasts: Int64
        ) throws -> UnverifiedToken {
            try TokenMaker.ucan(
                issuer: issuer, audience: audience, capabilities: capabilities, proofs: [proof.cid],
                expires: time(lasts), nonce: TokenMaker.freshNonce())
        }

        func use(
            _ key: PrivateKey, _ proof: UnverifiedToken, _ parameters: JSON? = nil
        ) throws -> UnverifiedToken {
            try TokenMaker.invocation(
                invoker: key, capabilities: space.readAll, proofs: [proof.cid], expires: time(120),
                facts: parameters.map { [["capabilitiesReadParams": $0]] } ?? [])
        }

        /// Gives a key the right to read the space and some notes; the grant is acknowledged.
        func grant(to key: PrivateKey, _ wire: Wire) throws -> UnverifiedToken {
            let capabilities = [
                try space.can("tinycloud.capabilities/read", "capabilities"),
                try space.can("tinycloud.kv/get", "kv/notes/"),
            ]
            let token = try ucan(session, to: key.did, capabilities, root, lasts: 3600)
            let response = try wire.post("/delegate", token)
            expect(response.status == 200, "a grant: \(response.status) \(response.text)")
            granted.withLock { $0.append(token.cid.text) }
            return token
        }
    }

    private static func read(_ shared: Shared, _ index: Int) throws {
        let wire = Wire(shared.port)
        let key = try PrivateKey.generate(.ed25519)
        let grant = try shared.grant(to: key, wire)
        let questions: [JSON?] = [
            ["type": "list", "filters": ["direction": "received"]], ["type": "list", "filters": ["limit": 5]],
            ["type": "chain", "delegation_cid": .string(grant.cid.text)],
            ["type": "list", "filters": ["path": "notes/", "limit": 20, "status": ["active", "revoked"]]],
        ]
        var turn = index
        while !shared.isOver {
            let response = try wire.post("/invoke", shared.use(key, grant, questions[turn % questions.count]))
            shared.expect(response.status == 200, "a read: \(response.status) \(response.text)")
            shared.expect(!response.json.isNull, "a read is no JSON")
            shared.count("read")
            turn += 1
        }
    }

    private static func giveOn(_ shared: Shared) throws {
        let wire = Wire(shared.port)
        let key = try PrivateKey.generate(.ed25519)
        let grant = try shared.grant(to: key, wire)
        while !shared.isOver {
            let audience = try PrivateKey.generate(.ed25519).did
            let child = try shared.ucan(
                key, to: audience, [shared.space.can("tinycloud.kv/get", "kv/notes/x")], grant, lasts: 600)
            let response = try wire.post("/delegate", child)
            shared.expect(response.status == 200, "a delegation: \(response.status) \(response.text)")
            shared.granted.withLock { $0.append(child.cid.text) }
            shared.count("delegate")
        }
    }

    /// Gives, uses, revokes: from the moment a revocation is acknowledged nothing that rests on it works.
    private static func giveAndTake(_ shared: Shared) throws {
        let wire = Wire(shared.port)
        while !shared.isOver {
            let key = try PrivateKey.generate(.ed25519)
            let below = try PrivateKey.generate(.ed25519)
            let grant = try shared.grant(to: key, wire)
            let child = try shared.ucan(
                key, to: below.did, [shared.space.can("tinycloud.capabilities/read", "capabilities")], grant,
                lasts: 600)
            shared.expect(try wire.post("/delegate", child).status == 200, "a child")
            shared.granted.withLock { $0.append(child.cid.text) }
            shared.expect(try wire.post("/invoke", shared.use(below, child)).status == 200, "a use before the end")
            let revocation = try TokenMaker.revocation(
                issuer: shared.session, target: grant.cid, expires: shared.time(120))
            shared.expect(try wire.post("/revoke", revocation).status == 200, "a revocation")
            for (holder, proof) in [(key, grant), (below, child)] {
                shared.revoked.withLock { _ = $0.insert(proof.cid.text) }
                shared.expect(try wire.post("/invoke", shared.use(holder, proof)).status == 401, "a use after the end")
                let late = try shared.ucan(
                    holder, to: shared.session.did, [shared.space.can("tinycloud.capabilities/read", "capabilities")],
                    proof, lasts: 60)
                shared.expect(try wire.post("/delegate", late).status == 401, "a delegation after the end")
                let again = try wire.post("/delegate", proof)
                shared.expect(again.json["status"]?.string == "revoked", "the same bytes revived it")
                let about: JSON = [
                    "principal": .string(holder.did.text), "ability": "tinycloud.capabilities/read",
                    "resource": .string(shared.space.resource("capabilities/all")),
                ]
                let decision = try wire.post(
                    "/authorize",
                    TokenMaker.invocation(
                        invoker: holder, capabilities: [], proofs: [], expires: shared.time(60)), json: about)
                shared.expect(decision.json["decision"]?.string == "deny", "a decision after the end")
            }
            shared.count("revoke")
        }
    }

    private static func askWrongly(_ shared: Shared) throws {
        let wire = Wire(shared.port)
        let stranger = try PrivateKey.generate(.ed25519)
        let asks: [(Int, () throws -> RawResponse)] = [
            (401, { try wire.post("/delegate", authorization: "x.y.z") }),
            (401, { try wire.post("/invoke", shared.use(stranger, shared.root)) }),
            (401, { try wire.post("/delegate", shared.use(shared.session, shared.root)) }),
            (
                403,
                {
                    try wire.post(
                        "/revoke",
                        TokenMaker.revocation(issuer: stranger, target: shared.root.cid, expires: shared.time(60)))
                }
            ),
            (400, { try wire.post("/authorize", authorization: nil, body: Array("{\"a\":1,\"a\":2}".utf8)) }),
            (404, { try wire.get("/../etc/passwd") }), (405, { try wire.ask("DELETE", "/invoke") }),
            (
                400,
                {
                    try wire.post("/invoke", shared.use(shared.session, shared.root, ["type": "list", "filters": 1]))
                }
            ),
            (
                404,
                {
                    try wire.post(
                        "/delegation/status",
                        TokenMaker.status(issuer: stranger, target: shared.root.cid, expires: shared.time(60)),
                        json: ["cid": .string(shared.root.cid.text)])
                }
            ),
            (413, { try wire.ask("POST", "/delegate", body: [UInt8](repeating: 0, count: 1 << 20 + 1)) }),
        ]
        var turn = 0
        while !shared.isOver {
            let (status, ask) = asks[turn % asks.count]
            let response = try ask()
            shared.expect(
                response.status == status, "wrong ask \(turn % asks.count): \(response.status) \(response.text)")
            shared.count("wrong")
            turn += 1
        }
    }

    /// Says nonsense, breaks off, or goes away without reading.
    private static func disturb(_ shared: Shared, _ index: Int) throws {
        var generator = SeededGenerator(seed: UInt64(index))
        let token = try shared.use(shared.session, shared.root).authorization()
        while !shared.isOver {
            guard let socket = RawSocket(port: shared.port) else { continue }
            switch generator.int(in: 0...3) {
            case 0: socket.send(generator.bytes(count: generator.int(in: 1...2000)))
            case 1: socket.send("POST /invoke HTTP/1.1\r\nHost: a\r\nAuthorization: \(token.prefix(100))")
            case 2: socket.send("POST /authorize HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{\"checks\":[")
            default: socket.send("POST /invoke HTTP/1.1\r\nHost: a\r\nAuthorization: \(token)\r\n\r\n")
            }
            shared.count("disturb")
            // One in two goes away at once; the others wait until the service has seen that nothing more will come.
            guard generator.int(in: 0...1) == 0 else { continue }
            socket.endSending()
            shared.expect(socket.readToEnd().end != .timedOut, "a broken-off connection stays open")
        }
    }

    @Test func aCrowdThatAsksWronglyGivesAndRevokesBreaksNothing() throws {
        let folder = TemporaryFolder()
        let scene = try Scene(in: folder)
        let root = try scene.signIn()
        let shared = Shared(scene, root, seconds: 3)
        Threads.run(64) { index in
            do {
                switch index % 8 {
                case 0, 1, 2: try Self.read(shared, index)
                case 3: try Self.giveOn(shared)
                case 4, 5: try Self.giveAndTake(shared)
                case 6: try Self.askWrongly(shared)
                default: try Self.disturb(shared, index)
                }
            } catch {
                shared.expect(false, "thread \(index): \(error)")
            }
        }
        let wrongs = shared.wrongs.withLock { $0 }
        #expect(wrongs.isEmpty, "\(wrongs)")
        let counts = shared.counts.withLock { $0 }
        for kind in ["read", "delegate", "revoke", "wrong", "disturb"] {
            #expect(counts[kind, default: 0] > 0, "nobody did `\(kind)`: \(counts)")
        }

        #expect(try scene.wire.get("/healthz").status == 200)
        let granted = shared.granted.withLock { $0 }
        let revoked = shared.revoked.withLock { $0 }
        let whole: JSON = ["type": "list", "filters": ["includeRevoked": true, "path": "notes/"]]
        let rows = try scene.read(scene.session, proofs: [root], ["type": "list", "filters": ["includeRevoked": true]])
        let listed = rows.json
        #expect(Set(listed.keys) == Set(granted + [root.cid.text] + hostRows(listed)), "a row is missing or too many")
        for cid in granted {
            #expect((listed[cid]?["status"]?.string == "revoked") == revoked.contains(cid), "\(cid)")
        }
        let before = try scene.read(scene.session, proofs: [root], whole)
        scene.service.kill()
        let again = try Scene(in: folder)
        let after = try again.read(again.session, proofs: [root], whole)
        #expect(after.body == before.body, "the list is not the same after a kill")
    }

    private func hostRows(_ listed: JSON) -> [String] {
        (listed.object?.members ?? []).filter {
            ($0.value["capabilities"] ?? .null).texts("ability") == ["tinycloud.space/host"]
        }.map(\.key)
    }
}
