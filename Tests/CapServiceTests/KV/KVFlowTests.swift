import CapTesting
import Multiformats
import Testing
import UCAN

/// What clients of the key-value plane do, by the owner's session and by a delegate (docs/protocol/kv.md).
@Suite struct KVFlowTests {
    /// The steps of the client's own acceptance flow of one prefix, one delegate and one replay.
    @Test func aSignedInOwnerAndAReaderDoWhatClientsDo() throws {
        let kv = try KVScene()
        let prefix = "app-test/run-1/"
        let key = prefix + "round-trip.bin"
        let bytes = Array("kv delegation payload".utf8)
        let put = try kv.token("put", [key])
        let type = "Content-Type: application/octet-stream"
        let written = try kv.send(put, body: bytes, headers: [type])
        #expect(written.status == 200 && written.body.isEmpty)
        let etag = KVScene.etag(bytes)
        #expect(written.header("etag") == etag)

        let read = try kv.ask("get", key)
        #expect(read.status == 200 && read.body == bytes)
        #expect(read.header("etag") == etag && read.header("content-type") == "application/octet-stream")

        let list = try kv.ask("list", prefix)
        #expect(list.status == 200 && list.json == [.string(key)])
        #expect(list.header("x-tinycloud-truncated") == "false" && list.header("x-tinycloud-next-cursor") == nil)

        let bob = try kv.delegate(["get"], on: "kv/" + prefix)
        let read2 = try kv.ask("get", key, by: bob)
        #expect(read2.status == 200 && read2.body == bytes && read2.header("etag") == etag)
        let refused = try kv.ask("put", key, by: bob, body: bytes)
        #expect(refused.status == 401 && refused.text.hasPrefix("Unauthorized Action: "))

        let deleted = try kv.ask("del", key)
        #expect(deleted.status == 200 && deleted.body.isEmpty && deleted.header("etag") == etag)
        let missing = try kv.ask("get", key, by: bob)
        #expect(missing.status == 404 && missing.text == "Key not found" && missing.reason == "keyNotFound")

        let replay = try kv.send(put, body: bytes, headers: [type])
        #expect(replay.status == 409 && replay.text == "duplicate invocation")
        #expect(try kv.list("") == [])
    }

    /// What a client asks for when nothing else is said: every service, and the owner's encryption network.
    @Test func theUsualSignInHostsASpaceAndUsesIt() throws {
        let scene = try Scene()
        let owner = scene.owner.did()
        let usual: [(String, [String])] = [
            ("kv", ["kv/put", "kv/get", "kv/del", "kv/list", "kv/metadata"]),
            ("sql", ["sql/read", "sql/write", "sql/admin"]),
            ("duckdb", ["duckdb/read", "duckdb/write", "duckdb/admin"]),
            ("capabilities", ["capabilities/read"]),
            ("hooks", ["hooks/subscribe", "hooks/register", "hooks/list", "hooks/unregister"]),
        ]
        var capabilities = try usual.flatMap { service, names in
            try names.map { try scene.space.can("tinycloud.\($0)", service) }
        }
        for name in ["decrypt", "network.create", "network.revoke"] {
            capabilities.append(
                try TokenCapability(
                    resource: "urn:tinycloud:encryption:\(owner):default", ability: "tinycloud.encryption/\(name)"))
        }
        let session = try scene.cacao(scene.owner, to: scene.session.did.text, capabilities)
        let first = try scene.delegate(session)
        #expect(first.status == 200 && first.json["skipped"] == [.string(scene.space.text)])
        let party = [session]
        let put = try scene.space.can("tinycloud.kv/put", "kv/a")
        let early = try scene.wire.post("/invoke", scene.invocation(scene.session, [put], proofs: party))
        #expect(early.status == 404 && early.text == "Space not found")
        try scene.host(scene.space, by: scene.owner)
        #expect(try scene.delegate(session).status == 200)
        let written = try scene.wire.post("/invoke", scene.invocation(scene.session, [put], proofs: party))
        #expect(written.status == 200 && written.header("etag") == KVScene.etag([]))
        for (verb, status) in [("get", 200), ("metadata", 200), ("list", 200), ("del", 200), ("get", 404)] {
            let answer = try scene.wire.post(
                "/invoke",
                scene.invocation(
                    scene.session, [scene.space.can("tinycloud.kv/\(verb)", "kv/a")], proofs: party))
            #expect(answer.status == status, "\(verb): \(answer.text)")
        }
    }

    @Test func whatClientsProbeAtSignInAnswersAndFeaturesAreWhatIsServed() throws {
        let kv = try KVScene()
        let scene = kv.scene
        for path in ["/health", "/healthz", "/readyz"] {
            let answer = try scene.wire.get(path)
            #expect(answer.status == 200 && answer.body.isEmpty, "\(path)")
        }
        let info = try scene.wire.get("/info").json
        #expect(try scene.wire.get("/version").json == info)
        #expect(info["protocol"] == 1)
        // What shows that a feature is there; one without a row here is a claim that nobody holds the service to.
        let shown: [(String, () throws -> Bool)] = [
            ("kv", { try kv.put("a", "x").status == 200 && kv.ask("get", "a").text == "x" }),
            ("delegation", { try scene.delegate(kv.root).status == 200 }),
            ("sharing", { try kv.ask("get", "a", by: kv.delegate(["get"], on: "kv/a")).text == "x" }),
            ("capabilities", { try scene.read(scene.session, proofs: [kv.root]).status == 200 }),
            ("authorize", { try scene.wire.post("/authorize", nil, json: [:]).reason == "malformedQuestion" }),
            (
                "authzen",
                { try scene.wire.post("/access/v1/evaluation", nil, json: [:]).reason == "malformedQuestion" }
            ),
        ]
        #expect(info["features"]?.strings == shown.map(\.0))
        for (feature, isServed) in shown { #expect(try isServed(), "\(feature)") }
    }

    @Test func dataServicesThatAreNotServedSayWhyInBodyAndHeader() throws {
        let kv = try KVScene()
        let scene = kv.scene
        for (service, ability) in [
            ("sql", "read"), ("sql", "write"), ("duckdb", "read"), ("hooks", "subscribe"), ("secrets", "get"),
            ("vfs", "get"),
        ] {
            let root = try scene.admit(
                scene.cacao(
                    scene.owner, to: scene.session.did.text,
                    [scene.space.can("tinycloud.\(service)/\(ability)", service)]))
            let resource = scene.space.resource("\(service)/a")
            let answer = try scene.wire.post(
                "/invoke",
                scene.invocation(
                    scene.session, [scene.space.can("tinycloud.\(service)/\(ability)", "\(service)/a")],
                    proofs: [root]))
            #expect(answer.status == 501 && answer.reason == "NoHandler", "\(service)")
            #expect(
                answer.text == "NoHandler: nothing here serves `tinycloud.\(service)/\(ability)` on `\(resource)`")
        }
        // Nothing is carried out, so nobody here need know what the caveats of such a use demand.
        let statements: JSON = ["mode": "constrained-statements", "readOnly": true, "statements": []]
        let caveats: [JSON] = [statements, ["only": "mine"]]
        for caveat in caveats {
            let root = try scene.admit(
                scene.cacao(
                    scene.owner, to: scene.session.did.text, [scene.space.can("tinycloud.sql/read", "sql")]))
            let can = try scene.space.can("tinycloud.sql/read", "sql/a", caveats: [caveat])
            let bound = try scene.admit(scene.ucan(scene.session, to: kv.bob.did, [can], proofs: [root], lasts: 600))
            let answer = try scene.wire.post("/invoke", scene.invocation(kv.bob, [can], proofs: [bound]))
            #expect(answer.status == 501 && answer.reason == "NoHandler", "\(answer.status) \(answer.text)")
            let bare = try scene.space.can("tinycloud.sql/read", "sql/a")
            let dropped = try scene.wire.post("/invoke", scene.invocation(kv.bob, [bare], proofs: [bound]))
            #expect(dropped.status == 401, "a caveat dropped: \(dropped.status) \(dropped.text)")
        }
        // An ability of the plane on another service is nothing of the plane.
        let root = try scene.admit(
            scene.cacao(
                scene.owner, to: scene.session.did.text, [scene.space.can("tinycloud.kv/get", "sql")]))
        let astray = try scene.wire.post(
            "/invoke",
            scene.invocation(scene.session, [scene.space.can("tinycloud.kv/get", "sql/a")], proofs: [root]))
        #expect(astray.status == 501 && astray.reason == "NoHandler")
    }

    @Test func valuesComeBackAsTheyWere() throws {
        let kv = try KVScene()
        let all = (0...255).map { UInt8($0) }
        let values: [(String, [UInt8], [String])] = [
            ("empty", [], []), ("empty-typed", [], ["Content-Type: application/json"]),
            ("binary", all + all.reversed(), ["Content-Type: image/png"]),
            ("text", Array("grüße 🐘".utf8), ["Content-Type: text/plain;charset=UTF-8"]),
            ("zeros", [UInt8](repeating: 0, count: 200_000), ["Content-Type: application/octet-stream"]),
            ("crlf", Array("\r\n\r\n--x\r\n".utf8), []),
        ]
        for (path, bytes, headers) in values {
            #expect(try kv.ask("put", path, body: bytes, headers: headers).status == 200, "\(path)")
        }
        for (path, bytes, headers) in values {
            let value = try kv.ask("get", path)
            #expect(value.status == 200 && value.body == bytes, "\(path)")
            #expect(value.header("content-length") == String(bytes.count), "\(path)")
            #expect(value.header("etag") == KVScene.etag(bytes), "\(path)")
            #expect(value.header("content-type") == headers.first.map { String($0.dropFirst(14)) }, "\(path)")
            #expect(value.header("last-modified") == "Fri, 10 Jul 2026 12:00:00 GMT", "\(path)")
            #expect(value.header("cache-control") == "private, no-store", "\(path)")
            #expect(Set(value.headers.map(\.name)).count == value.headers.count, "\(path): a header twice")
            let head = try kv.ask("metadata", path)
            #expect(head.status == 200 && head.body.isEmpty, "\(path)")
            for name in ["etag", "content-type", "last-modified"] {
                #expect(head.header(name) == value.header(name), "\(path): \(name)")
            }
        }
        // The last one put is the one that is there.
        try kv.put("text", "again")
        #expect(try kv.ask("get", "text").text == "again")
        #expect(try kv.ask("get", "text").header("content-type") == "text/plain")
    }

    @Test func onlyHeadersOfTheValueAreKept() throws {
        let kv = try KVScene()
        let put = try kv.ask(
            "put", "a", body: [1],
            headers: [
                "Content-Type: text/plain", "Content-Language: de", "content-encoding: gzip",
                "Content-Disposition: inline; filename=\"a\"", "X-TinyCloud-Meta-Owner: alice",
                "x-tinycloud-meta-hop: no", "Connection: keep-alive, X-TinyCloud-Meta-Hop", "Cookie: secret=1",
                "Cache-Control: public", "X-Other: no", "User-Agent: me",
            ])
        #expect(put.status == 200)
        for verb in ["get", "metadata"] {
            let value = try kv.ask(verb, "a")
            #expect(value.header("content-type") == "text/plain" && value.header("content-language") == "de")
            #expect(value.header("content-encoding") == "gzip")
            #expect(value.header("content-disposition") == "inline; filename=\"a\"")
            #expect(value.header("x-tinycloud-meta-owner") == "alice")
            for name in ["x-tinycloud-meta-hop", "cookie", "x-other", "user-agent", "authorization"] {
                #expect(value.header(name) == nil, "\(name)")
            }
            #expect(value.header("cache-control") == "private, no-store")
        }
        let twice = ["X-TinyCloud-Meta-A: 1", "x-tinycloud-meta-a: 2"]
        #expect(try kv.ask("put", "b", body: [1], headers: twice).status == 400)
        let long = "X-TinyCloud-Meta-A: " + String(repeating: "a", count: 4096)
        #expect(try kv.ask("put", "b", body: [1], headers: [long]).reason == "malformedHeader")
        #expect(try kv.ask("put", "b", body: [1], headers: ["X-TinyCloud-Meta-A: a\tb"]).reason == "malformedHeader")
        #expect(try kv.ask("get", "b").status == 404)
        // What comes in goes out: nothing, other scripts, and as much as is taken.
        let odd = [
            "Content-Type: text/plain; x=\"grüße 🐘\"", "Content-Language:", "X-TinyCloud-Meta-Empty:   ",
            "X-TinyCloud-Meta-Long: " + String(repeating: "l", count: 3900),
        ]
        #expect(try kv.ask("put", "c", body: [1], headers: odd).status == 200)
        for verb in ["get", "metadata"] {
            let value = try kv.ask(verb, "c")
            #expect(value.status == 200 && value.header("content-type") == "text/plain; x=\"grüße 🐘\"")
            #expect(value.header("x-tinycloud-meta-long")?.utf8.count == 3900)
            #expect(value.header("content-language") == nil && value.header("x-tinycloud-meta-empty") == nil)
        }
        #expect(try kv.send(kv.token("get", ["a", "c"])).json["results"]?.array?.count == 2)
    }

    @Test func pathsAreTheTextsOfTheirResources() throws {
        let kv = try KVScene()
        let paths = [
            "", "/", "a", "a/", "a//b", "a/b", "a/b/", "a%20b", "a%2Fb", "%E2%82%AC", "A", "~x", ".hidden", "a.b",
            "a;b=c", "a:b@c", "a!$&'()*+,=b", "/lead", "a%25b", String(repeating: "p", count: 900),
        ]
        for (index, path) in paths.enumerated() {
            #expect(try kv.put(path, "value \(index)").status == 200, "`\(path)`")
        }
        for (index, path) in paths.enumerated() {
            #expect(try kv.ask("get", path).text == "value \(index)", "`\(path)`")
        }
        let sorted = paths.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(try kv.list("") == sorted && kv.list(nil) == sorted)
        // No path is not the empty path: nothing lies there.
        for verb in ["get", "metadata", "put", "del"] {
            let answer = try kv.ask(verb, nil)
            #expect(answer.status == 400 && answer.reason == "missingPath", "\(verb)")
        }
        for verb in ["get", "put", "list"] {
            let answer = try kv.ask(verb, "a?x=1")
            #expect(answer.status == 400 || answer.status == 401, "\(verb) \(answer.status)")
        }
    }

    @Test func aListingHoldsWhatItsPathContains() throws {
        let kv = try KVScene()
        let paths = [
            "", "notes", "notes!", "notes-old", "notes/", "notes/a", "notes/a/b", "notes/a0", "notes/z", "notes0",
            "notesz",
            "other/a", "/notes",
        ]
        for path in paths { try kv.put(path, "x") }
        for listed in [nil, "notes", "notes/", "notes/a", "other", "none", "/", "note"] as [String?] {
            let expected = paths.filter { path in
                guard let listed else { return true }
                return path == listed || path.hasPrefix(listed.hasSuffix("/") ? listed : listed + "/")
            }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            #expect(try kv.list(listed) == expected, "`\(listed ?? "no path")`")
            for limit in [1, 2, 3, 13, 1000] {
                var (seen, cursor): ([String], String?) = ([], nil)
                for _ in 0...paths.count {
                    let page = try kv.ask(
                        "list", listed,
                        headers: ["x-tinycloud-limit: \(limit)"] + (cursor.map { ["x-tinycloud-cursor: \($0)"] } ?? []))
                    #expect(page.status == 200 && page.json.strings.count <= limit)
                    seen += page.json.strings
                    cursor = page.header("x-tinycloud-next-cursor")
                    #expect(page.header("x-tinycloud-truncated") == (cursor == nil ? "false" : "true"))
                    if cursor == nil { break }
                }
                #expect(seen == expected, "`\(listed ?? "no path")` by \(limit)")
            }
        }
    }

    @Test func theEmptyPathShowsEverythingOnlyToWhoMayListEverything() throws {
        let kv = try KVScene()
        for path in ["", "/x", "a", "a/b"] { try kv.put(path, "x") }
        #expect(try kv.list("") == ["", "/x", "a", "a/b"])
        let narrow = try kv.delegate(["list", "get"], on: "kv/")
        #expect(try kv.list("", by: narrow) == ["", "/x"])
        #expect(try kv.ask("get", "a", by: narrow).status == 401)
        #expect(try kv.ask("list", nil, by: narrow).status == 401)
        #expect(try kv.list("", by: kv.delegate(["list"], on: "kv")) == ["", "/x", "a", "a/b"])
    }

    @Test func batchesReadAndWriteSeveralAtOnce() throws {
        let kv = try KVScene()
        let parts: [(path: String, type: String, bytes: [UInt8])] = [
            ("b/one", "application/json", Array("{\"a\":1}".utf8)), ("b/two words%20", "text/plain", []),
            ("b/three", "application/octet-stream", [0, 13, 10, 255]),
        ].map { ($0.0.replacing("two words%20", with: "two%20words"), $0.1, $0.2) }
        let (header, body) = KVScene.form(parts)
        let written = try kv.send(kv.token("put", parts.map(\.path)), body: body, headers: [header])
        #expect(written.status == 200, "\(written.text)")
        #expect(Set(written.json["written"]?.strings ?? []) == Set(parts.map(\.path)))
        #expect(written.json["count"] == 3)
        for part in parts {
            let value = try kv.ask("get", part.path)
            #expect(value.body == part.bytes && value.header("content-type") == part.type, "\(part.path)")
            #expect(value.header("content-disposition") == nil)
        }
        let wanted = ["b/one", "b/none", "b/three"]
        let read = try kv.send(kv.token("get", wanted)).json["results"]?.array ?? []
        #expect(
            read.compactMap { $0["key"]?.string } == wanted.sorted() || read.compactMap { $0["key"]?.string } == wanted)
        for item in read {
            let key = item["key"]?.string ?? ""
            guard let part = parts.first(where: { $0.path == key }) else {
                #expect(item["ok"]?.bool == false && item["error"]?["code"]?.string == "KV_NOT_FOUND")
                #expect(item["error"]?["message"]?.string == "Key not found: b/none")
                continue
            }
            #expect(item["ok"]?.bool == true)
            #expect(item["dataBase64"]?.string == Base64.encode(part.bytes, padded: true))
            #expect(item["headers"]?["etag"]?.string == KVScene.etag(part.bytes))
            #expect(item["headers"]?["content-type"]?.string == part.type)
            #expect(item["headers"]?["content-length"]?.string == String(part.bytes.count))
        }
        let heads = try kv.send(kv.token("metadata", wanted)).json["results"]?.array ?? []
        #expect(heads.count == 3 && heads.allSatisfy { $0["dataBase64"] == nil })
        let many = (0..<101).map { "many/\($0)" }
        #expect(try kv.send(kv.token("get", Array(many.dropLast()))).status == 200)
        #expect(try kv.send(kv.token("get", many)).status == 400)
    }

    @Test func preconditionsHoldOrNothingHappens() throws {
        let kv = try KVScene()
        let (one, two) = (Array("one".utf8), Array("two".utf8))
        func put(_ bytes: [UInt8], _ header: String) throws -> Int {
            try kv.ask("put", "a", body: bytes, headers: [header]).status
        }
        #expect(try put(one, "If-Match: \(KVScene.etag(one))") == 412)
        #expect(try kv.ask("del", "a", headers: ["If-Match: \(KVScene.etag(one))"]).status == 412)
        #expect(try put(one, "If-None-Match: *") == 200)
        #expect(try put(two, "If-None-Match: *") == 412)
        #expect(try put(two, "If-Match: \(KVScene.etag(two))") == 412)
        #expect(try kv.ask("get", "a").body == one)
        #expect(try put(two, "If-Match: \(KVScene.etag(one))") == 200)
        #expect(try kv.ask("get", "a").body == two)
        let same = try kv.ask("get", "a", headers: ["If-None-Match: \"x\", \(KVScene.etag(two))"])
        #expect(same.status == 304 && same.body.isEmpty && same.header("etag") == KVScene.etag(two))
        #expect(try kv.ask("get", "a", headers: ["If-None-Match: \(KVScene.etag(one))"]).body == two)
        #expect(try kv.ask("del", "a", headers: ["If-Match: \(KVScene.etag(one))"]).status == 412)
        #expect(try kv.ask("del", "a", headers: ["If-Match: \(KVScene.etag(two))"]).status == 200)
        let gone = try kv.ask("del", "a")
        #expect(gone.status == 404 && gone.text == "No Such Key: a")
    }

    @Test func ofManyThatCreateOneKeyOneDoes() throws {
        let kv = try KVScene()
        let tokens = try (0..<24).map { _ in try kv.token("put", ["a"]).authorization() }
        let port = kv.scene.service.port
        let statuses = Locked([Int](repeating: 0, count: tokens.count))
        Threads.run(tokens.count) { place in
            let answer = try? Wire(port).ask(
                "POST", "/invoke", headers: ["Authorization: \(tokens[place])", "If-None-Match: *"],
                body: [UInt8(place)])
            statuses.withLock { $0[place] = answer?.status ?? 0 }
        }
        let answers = statuses.withLock { $0 }
        #expect(answers.filter { $0 == 200 }.count == 1 && answers.filter { $0 == 412 }.count == 23)
        let winner = try #require(answers.firstIndex(of: 200))
        #expect(try kv.ask("get", "a").body == [UInt8(winner)])
    }

    @Test func theOwnersWalletKeyAndTheDeprecatedNameWork() throws {
        let kv = try KVScene()
        try kv.put("a", "x")
        let deleted = try kv.ask("delete", "a")
        #expect(deleted.status == 200 && deleted.header("etag") == KVScene.etag(Array("x".utf8)))
        // A key that owns its space needs no proof, also where the space begins to be hosted by its first use.
        let open = try KVScene(options: ["--hosting", "open"])
        let key = try Cast.key(0x51)
        let space = SpaceName(of: key.did, "mine")
        let party = KVScene.Party(key: key, proofs: [])
        let put = try open.send(open.token("put", ["a"], by: party, in: space), body: [1, 2])
        #expect(put.status == 200)
        #expect(try open.send(open.token("get", ["a"], by: party, in: space)).body == [1, 2])
        #expect(try open.send(open.token("list", [""], by: party, in: space)).json == ["a"])
    }

    /// A space that an invocation begins counts for its sender, as one that a delegation begins.
    @Test func anAddressBeginsSoManySpacesByInvocations() throws {
        let open = try KVScene(options: ["--hosting", "open", "--unhosted-per-hour", "4"])
        func put(_ seed: UInt8) throws -> RawResponse {
            let key = try Cast.key(seed)
            let party = KVScene.Party(key: key, proofs: [])
            return try open.send(
                open.token("put", ["a"], by: party, in: SpaceName(of: key.did, "mine")), body: [1])
        }
        // What the scene itself sent is of the same address.
        let answers = try (0x60..<0x65).map { try put($0) }
        #expect(answers.first?.status == 200 && answers.last?.status == 429, "\(answers.map(\.status))")
        #expect(answers.last?.header("retry-after") != nil)
        #expect(try put(0x60).status == 200, "a space that is there is not begun again")
    }
}
