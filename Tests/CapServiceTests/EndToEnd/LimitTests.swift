import CapTesting
import Multiformats
import Synchronization
import Testing
import UCAN

/// Every bound gives a clear refusal and leaves the service well (design law 10).
@Suite struct LimitTests {
    private func grants(_ scene: Scene, _ root: UnverifiedToken, _ count: Int) throws -> [UnverifiedToken] {
        try (0..<count).map {
            try scene.admit(
                scene.ucan(
                    scene.session, to: Cast.key(0x33).did, [scene.space.can("tinycloud.kv/get", "kv/notes/\($0)")],
                    proofs: [root]))
        }
    }

    @Test func aTokenMayNotBeTooLarge() throws {
        let scene = try Scene(options: ["--max-token-bytes", "4096"])
        let root = try scene.signIn()
        func token(_ letters: Int) throws -> UnverifiedToken {
            try scene.ucan(
                scene.session, to: Cast.key(0x33).did, [scene.space.can("tinycloud.kv/get", "kv/notes/")],
                proofs: [root], facts: [.string(String(repeating: "a", count: letters))])
        }
        #expect(try scene.delegate(token(2000)).status == 200)
        let refused = try scene.delegate(token(4000))
        #expect(refused.status == 401 && refused.reason == "limitExceeded")
        // A head too large is refused before anything is read of it.
        let head = try scene.wire.post("/delegate", authorization: String(repeating: "a", count: 82_000))
        #expect(head.status == 431 && head.reason == "headersTooLarge" && head.json["error"]?.string == head.reason)
    }

    /// The largest token that is read fits into the largest head, and one a little larger is refused as a token.
    @Test func theUsualLimitsOfTokensAndHeadsAreReachedTogether() throws {
        let scene = try Scene(options: [])
        let root = try scene.signIn()
        let size = 64 * 1024
        func token(_ length: Int) throws -> UnverifiedToken {
            func made(_ letters: Int) throws -> UnverifiedToken {
                try scene.ucan(
                    scene.session, to: Cast.key(0x33).did, [scene.space.can("tinycloud.kv/get", "kv/notes/")],
                    proofs: [root], facts: [.string(String(repeating: "a", count: letters))])
            }
            let rest = try made(0).bytes.count
            return try made((length - rest) / 4 * 3)
        }
        let largest = try token(size - 16)
        #expect((size - 64...size).contains(largest.bytes.count))
        #expect(try scene.delegate(largest).status == 200)
        let text = String(decoding: largest.bytes, as: UTF8.self)
        let longer = text + String(repeating: "A", count: size + 1 - largest.bytes.count)
        let beyond = try scene.wire.post("/delegate", authorization: longer)
        #expect(beyond.status == 401 && beyond.reason == "limitExceeded")
    }

    @Test func proofsAndCapabilitiesAreCountedAsConfigured() throws {
        for (option, limit) in [(16, [] as [String]), (3, ["--max-proofs", "3"]), (20, ["--max-proofs", "20"])]
            as [(Int, [String])]
        {
            let scene = try Scene(options: limit)
            let root = try scene.signIn()
            let proofs = try grants(scene, root, option + 1)
            let agent = try Cast.key(0x33)
            func child(_ count: Int) throws -> UnverifiedToken {
                // Made by hand: the maker has the decoder's own bound of 16.
                let parts = try HandMadeJWT.parts(
                    scene.ucan(
                        agent, to: Cast.key(0x34).did, [scene.space.can("tinycloud.kv/get", "kv/notes/0")],
                        proofs: [], lasts: 60))
                var payload = try #require(parts.payload.object)
                payload["prf"] = .array(proofs.prefix(count).map { .string($0.cid.text) })
                let text = try HandMadeJWT.signed(parts.header, .object(payload), by: agent)
                return try UnverifiedToken.decode(authorization: text.utf8, limits: TokenLimits(proofs: 64))
            }
            #expect(try scene.delegate(child(option)).status == 200, "\(option) proofs")
            let refused = try scene.delegate(child(option + 1))
            #expect(refused.status == 401 && refused.reason == "limitExceeded", "\(option + 1) proofs")
        }
        let scene = try Scene(options: ["--max-capabilities", "8"])
        let root = try scene.signIn()
        for (count, status) in [(8, 200), (9, 401)] {
            let capabilities = try (0..<count).map { try scene.space.can("tinycloud.kv/get", "kv/notes/\($0)") }
            let token = try scene.ucan(scene.session, to: Cast.key(0x33).did, capabilities, proofs: [root])
            #expect(try scene.delegate(token).status == status, "\(count) capabilities")
        }
    }

    @Test func nestingIsBounded() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        func token(_ depth: Int) throws -> String {
            let parts = try HandMadeJWT.parts(
                scene.ucan(
                    scene.session, to: Cast.key(0x33).did, [scene.space.can("tinycloud.kv/get", "kv/notes/")],
                    proofs: [root]))
            var text = String(decoding: parts.payload.serialized(), as: UTF8.self)
            text = String(text.dropLast()) + ",\"fct\":[\(nested(depth))]}"
            let input = Base64URL.encode(parts.header.serialized()) + "." + Base64URL.encode(Array(text.utf8))
            return input + "." + Base64URL.encode(try scene.session.sign(Array(input.utf8)))
        }
        for (depth, status) in [(60, 200), (70, 401), (10_000, 401)] {
            #expect(try scene.wire.post("/delegate", authorization: token(depth)).status == status, "\(depth)")
        }
        let asking = try scene.invocation(scene.session, [], proofs: [])
        for path in ["/authorize", "/access/v1/evaluation", "/access/v1/evaluations"] {
            let refused = try scene.wire.post(
                path, authorization: asking.authorization(), body: Array(nested(200_000).utf8))
            #expect(refused.status == 400 && refused.reason == "malformedQuestion", "\(path)")
        }
        let query = try scene.invocation(
            scene.session, [scene.space.can("tinycloud.delegation/list", "delegation")], proofs: [root])
        for path in ["/delegation/query", "/delegation/status"] {
            let refused = try scene.wire.post(
                path, authorization: query.authorization(), body: Array(nested(200_000).utf8))
            #expect(refused.status == 400, "\(path)")
        }
        #expect(try scene.wire.get("/healthz").status == 200)
    }

    @Test func aPrincipalThatAsksTooOftenWaits() throws {
        let scene = try Scene(options: ["--requests-per-minute", "60", "--request-burst", "4"])
        let root = try scene.signIn()
        scene.advance(60)
        var statuses: [Int] = []
        var last: RawResponse?
        for _ in 0..<6 {
            last = try scene.read(scene.session, proofs: [root])
            statuses.append(last?.status ?? 0)
        }
        #expect(statuses == [200, 200, 200, 200, 429, 429])
        #expect(last?.header("retry-after") == "1" && last?.reason == "rateLimited")
        #expect(last?.header("x-decision-id") != nil)
        // Each route counts; another principal is not held up.
        #expect(try scene.status(of: root.cid.text, by: scene.session).status == 429)
        #expect(try scene.check(scene.session, "tinycloud.kv/get", "kv/notes/").status == 429)
        #expect(try scene.status(of: root.cid.text, by: Cast.key(0x33)).status == 404)
        scene.advance(1)
        #expect(try scene.read(scene.session, proofs: [root]).status == 200)
        #expect(try scene.read(scene.session, proofs: [root]).status == 429)
        // A clock that is set back shuts nobody out for longer than one interval.
        scene.advance(-3000)
        #expect(try scene.status(of: root.cid.text, by: scene.session).status == 429)
        scene.advance(1)
        #expect(try scene.status(of: root.cid.text, by: scene.session).status == 200)
    }

    @Test func nobodyUsesUpAnothersRequests() throws {
        let scene = try Scene(options: ["--requests-per-minute", "60", "--request-burst", "4"])
        let root = try scene.signIn()
        scene.advance(60)
        // A delegation of the session is no secret; asking about it, even at a far time, costs the asker and not it.
        let lasting = try scene.ucan(
            scene.session, to: scene.session.did, scene.space.readAll, proofs: [root], lasts: 30_000)
        for index in 0..<8 {
            let response = try scene.wire.post(
                "/authorize", nil,
                json: [
                    "invocation": .string(lasting.authorization()), "time": .number(JSONNumber(scene.now + 29_990)),
                ])
            #expect(response.status == (index < 4 ? 200 : 429))
        }
        #expect(try scene.read(scene.session, proofs: [root]).status == 200)
        // Nor does a token that somebody else signed in its name.
        for _ in 0..<8 {
            let forged = try Refused.forged(scene.invocation(scene.session, scene.space.readAll, proofs: [root]), scene)
            #expect(try scene.wire.post("/invoke", forged).status == 401)
        }
        #expect(try scene.read(scene.session, proofs: [root]).status == 200)
    }

    @Test func aListOfTooManyRowsIsAnErrorAndPagesAreNot() throws {
        let scene = try Scene(options: ["--max-list-rows", "5", "--max-page-rows", "3"])
        let root = try scene.signIn()
        _ = try grants(scene, root, 3)
        let five = try scene.read(scene.session, proofs: [root])
        #expect(five.status == 200 && five.json.keys.count == 5)
        _ = try grants(scene, root, 1)
        let six = try scene.read(scene.session, proofs: [root])
        #expect(six.status == 413 && six.reason == "tooManyRows")
        #expect(six.text == "the listing has more than 5 rows; ask for pages with `limit` and `cursor`")
        let page = try scene.read(scene.session, proofs: [root], ["type": "list", "filters": ["limit": 3]])
        #expect(page.status == 200 && page.json["complete"]?.bool == false)
        let wide = try scene.read(scene.session, proofs: [root], ["type": "list", "filters": ["limit": 4]])
        #expect(wide.status == 400)
    }

    @Test func headsBodiesAndConnectionsAreBounded() throws {
        let scene = try Scene(
            options: [
                "--max-body-bytes", "2048", "--max-header-bytes", "4096", "--max-connections-per-address", "3",
            ])
        let body = try scene.wire.post("/authorize", authorization: nil, body: [UInt8](repeating: 0x20, count: 2049))
        #expect(body.status == 413 && body.reason == "bodyTooLarge" && body.header("x-decision-id") != nil)
        Refused.expectCORS(body, "body")
        let head = try scene.wire.get("/version", headers: ["X-Long: " + String(repeating: "a", count: 5000)])
        #expect(head.status == 431 && head.reason == "headersTooLarge")
        let plain = try Scene()
        let target = try plain.wire.get("/peer/generate/" + String(repeating: "a", count: 10_000))
        #expect(target.status == 414 && target.reason == "targetTooLong")

        let fresh = try Scene(options: ["--max-connections-per-address", "3"])
        let open = try (0..<3).map { _ in try #require(RawSocket(port: fresh.service.port)) }
        for socket in open {
            #expect(socket.exchange("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")?.status == 200)
        }
        let refused = try #require(RawSocket(port: fresh.service.port)?.readResponse())
        #expect(refused.status == 503 && refused.reason == "tooManyConnections")
        Refused.expectCORS(refused, "connections")
    }

    @Test func aFullQueueIsSaidAndNothingAcknowledgedIsLost() throws {
        let scene = try Scene(options: ["--max-pending", "1"])
        let root = try scene.signIn()
        let tokens = try (0..<64).map { index in
            try scene.ucan(
                scene.session, to: Cast.key(0x33).did, [scene.space.can("tinycloud.kv/get", "kv/notes/\(index)")],
                proofs: [root])
        }
        let texts = tokens.map { $0.authorization() }
        let port = scene.service.port
        let answers = Mutex<[Int: RawResponse]>([:])
        Threads.run(16) { thread in
            let wire = Wire(port)
            for index in stride(from: thread, to: 64, by: 16) {
                guard let response = try? wire.post("/delegate", authorization: texts[index]) else { continue }
                answers.withLock { $0[index] = response }
            }
        }
        let listed = try scene.read(scene.session, proofs: [root]).json
        let all = answers.withLock { $0 }
        #expect(all.count == 64)
        for (index, response) in all {
            #expect(response.status == 200 || response.status == 503, "\(response.status)")
            if response.status == 503 {
                #expect(response.reason == "busy" && response.header("retry-after") == "1")
            }
            #expect((listed[tokens[index].cid.text] != nil) == (response.status == 200))
        }
    }

    @Test func aFullIndexRefusesWritesAndStillRevokes() throws {
        let scene = try Scene(options: ["--max-edges", "1024"])
        let root = try scene.signIn()
        let texts = try (0..<1030).map { index in
            try scene.ucan(
                scene.session, to: Cast.key(0x33).did, [scene.space.can("tinycloud.kv/get", "kv/notes/\(index)")],
                proofs: [root]
            ).authorization()
        }
        let port = scene.service.port
        let counts = Mutex<[Int: Int]>([:])
        Threads.run(8) { thread in
            let wire = Wire(port)
            for index in stride(from: thread, to: texts.count, by: 8) {
                let status = (try? wire.post("/delegate", authorization: texts[index]).status) ?? 0
                counts.withLock { $0[status, default: 0] += 1 }
            }
        }
        #expect(counts.withLock { $0 } == [200: 1022, 503: 8])
        #expect(try scene.read(scene.session, proofs: [root]).json.keys.count == 1024)
        #expect(try scene.revoke(root, by: scene.owner).status == 200)
        #expect(try scene.read(scene.session, proofs: [root]).status == 401)
    }
}
