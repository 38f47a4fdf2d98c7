import CapTesting
import Multiformats
import Testing
import UCAN

/// What somebody of whom nothing is known can make the service do.
@Suite struct StrangerTests {
    /// Requests of every kind that no principal answers for.
    private static let asked: [(String, @Sendable (Wire) throws -> RawResponse)] = [
        ("version", { try $0.get("/version") }),
        ("metrics", { try $0.get("/metrics") }),
        ("no such path", { try $0.get("/nowhere") }),
        ("no such method", { try $0.get("/xrpc/com.example.nowhere") }),
        ("describeServer", { try $0.get("/xrpc/com.atproto.server.describeServer") }),
        ("not a token", { try $0.post("/delegate", authorization: "nonsense") }),
        ("a token that does not hold", { try $0.post("/invoke", authorization: "eyJhbGciOiJFZERTQSJ9.e30.AAAA") }),
        (
            "a long body of nobody",
            { wire in
                try wire.ask(
                    "POST", "/xrpc/com.atproto.repo.uploadBlob", headers: ["Content-Type: image/png"],
                    body: [UInt8](repeating: 7, count: 70_000))
            }
        ),
        (
            "a session that never was",
            { try $0.get("/xrpc/com.atproto.server.getSession", headers: ["Authorization: Bearer x"]) }
        ),
    ]

    @Test func anAddressIsCountedWhoeverItSaysItIsAndWhateverComesOfIt() throws {
        for (name, ask) in Self.asked {
            let service = try ServiceProcess(options: ["--requests-per-minute", "6", "--request-burst", "2"])
            let wire = Wire(service)
            var last: RawResponse?
            var count = 0
            // Twenty at once and one a second; the bound is never met in time to fill up again.
            while last?.status != 429, count < 200 {
                last = try ask(wire)
                count += 1
            }
            #expect(
                count > 20 && last?.status == 429, "\(name): \(count) requests, the last answered \(last?.status ?? 0)")
            #expect(last?.header("retry-after") == "1", "\(name)")
            #expect(["rateLimited", "RateLimitExceeded"].contains(last?.errorCode), "\(name): \(last?.text ?? "")")
            #expect(last?.header("x-decision-id") != nil, "\(name)")
            // Who watches over the service is answered.
            for path in ["/healthz", "/readyz"] { #expect(try wire.get(path).status == 200, "\(name)") }
        }
    }

    @Test func behindAProxyEachClientIsCountedByItself() throws {
        let service = try ServiceProcess(options: [
            "--requests-per-minute", "6", "--request-burst", "2", "--trusted-proxies", "127.0.0.1,::1",
        ])
        let wire = Wire(service)
        func ask(_ client: String) throws -> Int {
            try wire.get("/version", headers: ["X-Forwarded-For: 10.0.0.1, \(client)"]).status
        }
        var count = 0
        while try ask("198.51.100.1") == 200, count < 200 { count += 1 }
        #expect(count < 200)
        #expect(try ask("198.51.100.2") == 200)
        // All of a /64 is one client.
        count = 0
        while try ask("2001:db8:1:2::\(count)") == 200, count < 200 { count += 1 }
        #expect(count < 200)
        #expect(try ask("2001:db8:1:3::1") == 200)
    }

    // MARK: pages

    @Test func aPageOfAnAccountEndsAfterSoManyBytes() throws {
        let scene = try Scene(options: ["--max-page-bytes", "4096"])
        let root = try scene.signIn()
        var given: Set<String> = []
        for number in 0..<24 {
            let places = try (0..<30).map { try scene.space.can("tinycloud.kv/get", "kv/notes/\(number)/\($0)") }
            given.insert(
                try scene.admit(scene.ucan(scene.session, to: Cast.key(0x35).did, places, proofs: [root])).cid.text)
        }
        let filters: [(String, String)] = [("direction", "granted"), ("space", scene.space.text), ("status", "active")]
        for (member, value) in filters {
            var found: [String] = []
            var pages = 0
            var cursor: String?
            repeat {
                var asked = JSONObject()
                asked[member] = .string(value)
                asked["limit"] = .number(JSONNumber(100))
                asked["cursor"] = cursor.map { .string($0) }
                let token = try scene.invocation(
                    scene.session, [scene.space.can("tinycloud.delegation/list", "delegation/")], proofs: [root])
                let answer = try scene.wire.post("/delegation/query", token, json: .object(asked))
                try #require(answer.status == 200, "\(answer.text)")
                // One row more than fits is the most.
                #expect(answer.body.count < 4096 + 8192, "\(answer.body.count)")
                let items = try #require(answer.json["items"])
                found += items.texts("cid")
                cursor = answer.json["nextCursor"]?.string
                pages += 1
            } while cursor != nil && pages < 100
            #expect(pages > 10, "\(member)")
            #expect(found.count == Set(found).count && Set(found).isSuperset(of: given), "\(member)")
        }
        // Nothing is kept by this filter, and so nothing is written.
        let token = try scene.invocation(
            scene.session, [scene.space.can("tinycloud.delegation/list", "delegation/")], proofs: [root])
        let none = try scene.wire.post("/delegation/query", token, json: ["status": "expired", "space": "nowhere"])
        #expect(none.json["items"]?.array?.isEmpty == true && none.json["nextCursor"] == nil)
    }

    @Test func aPageOfASpaceEndsAfterSoManyBytes() throws {
        let scene = try Scene(options: ["--max-page-bytes", "4096"])
        let root = try scene.signIn()
        var given: Set<String> = []
        for number in 0..<24 {
            let places = try (0..<10).map { try scene.space.can("tinycloud.kv/get", "kv/notes/\(number)/\($0)") }
            given.insert(
                try scene.admit(scene.ucan(scene.session, to: Cast.key(0x35).did, places, proofs: [root])).cid.text)
        }
        var found: [String] = []
        var cursor: String?
        var pages = 0
        repeat {
            var filters = JSONObject()
            filters["limit"] = .number(JSONNumber(1000))
            filters["cursor"] = cursor.map { .string($0) }
            let answer = try scene.read(
                scene.session, proofs: [root], ["type": "list", "filters": .object(filters)])
            try #require(answer.status == 200, "\(answer.text)")
            #expect(answer.body.count < 4096 + 8192, "\(answer.body.count)")
            found += try #require(answer.json["delegations"]).texts("cid")
            cursor = answer.json["cursor"]?.string
            #expect(answer.json["complete"]?.bool == (cursor == nil))
            pages += 1
        } while cursor != nil && pages < 100
        #expect(pages > 5)
        #expect(found.count == Set(found).count && Set(found).isSuperset(of: given))
    }

    /// What is long is sent in pieces, and is what the same rows are one by one.
    @Test func aLongListingIsSentInPieces() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        // Some rows are longer than a piece, some much shorter, in no order.
        var (proof, holder) = (root, scene.session)
        let link = try (0..<110).map { try scene.space.can("tinycloud.kv/get", "kv/notes/\($0)") }
        for number in 0..<12 {
            let count = [1, 110, 1, 1, 90, 110, 1, 3, 110, 1, 1, 110][number]
            _ = try scene.admit(
                scene.ucan(scene.session, to: Cast.key(0x35).did, Array(link[..<count]), proofs: [root]))
            // And the links of a chain.
            guard number < 8 else { continue }
            let next = try Cast.key(0x40 + UInt8(number))
            proof = try scene.admit(scene.ucan(holder, to: next.did, link, proofs: [proof]))
            holder = next
        }
        func read(_ parameters: JSON) throws -> RawResponse {
            let answer = try scene.read(scene.session, proofs: [root], parameters)
            try #require(answer.status == 200, "\(answer.text)")
            return answer
        }
        var single: [String: JSON] = [:]
        var cursor: String?
        repeat {
            var filters = JSONObject()
            filters["limit"] = .number(JSONNumber(1))
            filters["cursor"] = cursor.map { .string($0) }
            let answer = try read(["type": "list", "filters": .object(filters)])
            #expect(answer.header("content-length") != nil)
            for row in answer.json["delegations"]?.array ?? [] { single[row["cid"]?.string ?? ""] = row }
            cursor = answer.json["cursor"]?.string
        } while cursor != nil && single.count < 100
        #expect(single.count >= 21)
        let page = try read(["type": "list", "filters": ["limit": .number(JSONNumber(100))]])
        #expect(page.header("transfer-encoding") == "chunked")
        let rows = try #require(page.json["delegations"]?.array)
        #expect(page.json["complete"] == true && rows.count == single.count)
        for row in rows { #expect(row == single[row["cid"]?.string ?? ""]) }
        let whole = try read(["type": "list"])
        #expect(whole.header("transfer-encoding") == "chunked")
        #expect(Dictionary(uniqueKeysWithValues: whole.json.object?.members.map { ($0.key, $0.value) } ?? []) == single)
        let chain = try read(["type": "chain", "delegation_cid": .string(proof.cid.text)])
        #expect(chain.header("transfer-encoding") == "chunked")
        #expect(chain.json.array?.count == 9)
        for row in chain.json.array ?? [] { #expect(row == single[row["cid"]?.string ?? ""]) }
    }

    // MARK: bodies

    private static func head(_ port: UInt16, _ lines: [String], length: Int) -> String {
        let head =
            ["POST /xrpc/com.atproto.repo.uploadBlob HTTP/1.1", "Host: 127.0.0.1:\(port)", "Content-Type: image/png"]
            + lines + ["Content-Length: \(length)"]
        return head.joined(separator: "\r\n") + "\r\n\r\n"
    }

    @Test func whoMayNotSendALongBodyIsToldWhy() throws {
        let scene = try AccountScene()
        let alice = try scene.create("alice")
        let port = scene.service.port
        let old = alice.access
        scene.advance(3 * 3600)
        let new = try scene.login(alice.handle).json["accessJwt"]?.string ?? ""
        let refusals: [(String, [String], Int, String)] = [
            ("nobody", [], 401, "AuthMissing"),
            ("no token", ["Authorization: Bearer nonsense"], 401, "BadJwt"),
            ("a session that ran out", ["Authorization: Bearer \(old)"], 400, "ExpiredToken"),
        ]
        for (name, lines, status, code) in refusals {
            // Most clients send all of a body before they read; nothing of it is held.
            let socket = try #require(RawSocket(port: port))
            socket.send(Self.head(port, lines, length: 2_000_000))
            #expect(socket.send([UInt8](repeating: 7, count: 2_000_000)), "\(name)")
            let answer = try #require(socket.readResponse(), "\(name)")
            #expect(answer.status == status && answer.errorCode == code, "\(name): \(answer.status) \(answer.text)")
            #expect(answer.header("x-decision-id") != nil && answer.header("cache-control") != nil, "\(name)")
            // The connection is good for the next request.
            #expect(socket.exchange("GET /version HTTP/1.1\r\nHost: h\r\n\r\n")?.status == 200, "\(name)")
            let pieces = try #require(RawSocket(port: port))
            pieces.send(
                Self.head(port, lines, length: 0).replacing("Content-Length: 0", with: "Transfer-Encoding: chunked"))
            for _ in 0..<3 {
                pieces.send("C350\r\n")
                pieces.send([UInt8](repeating: 7, count: 50_000))
                pieces.send("\r\n")
            }
            pieces.send("0\r\n\r\n")
            let late = pieces.readResponse()
            #expect(late?.status == status && late?.errorCode == code, "\(name): \(late?.text ?? "nothing")")
            // A short body is refused by the same name.
            let short = try scene.wire.ask(
                "POST", "/xrpc/com.atproto.repo.uploadBlob", headers: lines + ["Content-Type: image/png"], body: [1])
            #expect(short.status == status && short.errorCode == code, "\(name): \(short.status) \(short.text)")
            // Who waits for leave to send is refused in its place.
            let patient = try #require(RawSocket(port: port))
            let refused = patient.exchange(Self.head(port, lines + ["Expect: 100-continue"], length: 1_000_000))
            #expect(refused?.status == status && refused?.errorCode == code, "\(name)")
        }
        let bytes = [UInt8](repeating: 7, count: 1_000_000)
        let socket = try #require(RawSocket(port: port))
        socket.send(Self.head(port, ["Authorization: Bearer \(new)", "Expect: 100-continue"], length: bytes.count))
        #expect(socket.read(until: "HTTP/1.1 100 Continue\r\n\r\n"))
        socket.send(bytes)
        #expect(socket.readResponse()?.status == 200)
    }

    @Test func longBodiesOfAStrangerAreBoundedTogether() throws {
        let scene = try AccountScene()
        let port = scene.service.port
        // What these show is verified only where other hosts may be asked.
        let lines = ["Authorization: DPoP eyJhbGciOiJFUzI1NiIsInR5cCI6ImF0K2p3dCJ9.e30.AAAA"]
        func body(_ count: Int) -> [UInt8] { [UInt8](repeating: 7, count: count) }
        func upload(from source: [UInt8]) throws -> RawResponse? {
            let socket = try #require(RawSocket(port: port, from: source))
            socket.send(Self.head(port, lines, length: 2_000_000))
            socket.send(body(2_000_000))
            return socket.readResponse()
        }
        /// Three that lack their last byte leave less than two megabytes of a stranger's sixteen MiB. They count once the server
        /// has read them, which shows by what it still lets in; false where one of them came last and was refused itself.
        func isBounded() throws -> Bool {
            let held = try (0..<3).map { _ in try #require(RawSocket(port: port)) }
            for socket in held {
                socket.send(Self.head(port, lines, length: 5_000_001))
                socket.send(body(5_000_000))
            }
            var answer = try upload(from: [127, 0, 0, 1])
            var tries = 0
            while answer?.status == 401, tries < 200 {
                answer = try upload(from: [127, 0, 0, 1])
                tries += 1
            }
            // Who comes from elsewhere still sends its own.
            #expect(try upload(from: [127, 0, 0, 2])?.status == 401)
            for socket in held { socket.send([7]) }
            let answers = held.map { $0.readResponse()?.status }
            return answer?.status == 503 && answer?.errorCode == "tooManyBodies" && answers == [401, 401, 401]
        }
        var rounds = 0
        while try !isBounded(), rounds < 20 { rounds += 1 }
        #expect(rounds < 20)
        #expect(try upload(from: [127, 0, 0, 1])?.status == 401)
    }

    // MARK: passwords

    @Test func aFloodOfPasswordsKeepsNobodyElseWaiting() throws {
        let scene = try AccountScene(
            clock: nil, options: ["--registration", "open", "--hashing-threads", "1", "--max-hashes-waiting", "2"])
        let alice = try scene.create("alice")
        let credentials: JSON = ["identifier": .string(alice.handle), "password": "wrong horse"]
        let body = credentials.serialized()
        let request =
            "POST /xrpc/com.atproto.server.createSession HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.count)\r\n\r\n"
        let flood = try (0..<32).map { _ in try #require(RawSocket(port: scene.service.port)) }
        for socket in flood { socket.send(Array(request.utf8) + body) }
        // While they are hashed, what waits for the disk is done.
        #expect(try scene.post("com.atproto.server.refreshSession", alice.refresh).status == 200)
        let answers = flood.map { $0.readResponse() }
        let statuses = answers.map { $0?.status ?? 0 }
        #expect(statuses.allSatisfy { [401, 503].contains($0) }, "\(statuses)")
        #expect(statuses.contains(503) && statuses.contains(401), "\(statuses)")
        #expect(answers.allSatisfy { $0?.status != 503 || $0?.header("retry-after") != nil })
        #expect(try scene.login(alice.handle).status == 200)
    }
}
