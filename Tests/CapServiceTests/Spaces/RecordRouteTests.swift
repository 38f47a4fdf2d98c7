import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// Writing and reading records over HTTP (atproto-spaces.md 7.1, 7.2, 13.1 to 13.3; readings 6 and 8).
@Suite struct RecordRouteTests {
    private let scene: SpaceScene
    private let alice: SpaceScene.Person
    private let bob: SpaceScene.Person
    private let forum: String

    init() throws {
        scene = try SpaceScene()
        alice = try scene.person("alice")
        bob = try scene.person("bob")
        forum = try scene.create("main", by: alice)
        try scene.add(bob, to: forum, by: alice)
    }

    private func texts() throws -> [String: String] {
        let rows = try scene.repo("listRecords", of: bob, in: forum, by: bob).json["records"]?.array ?? []
        return Dictionary(
            uniqueKeysWithValues: rows.map { ($0["rkey"]?.string ?? "", $0["value"]?["text"]?.string ?? "") })
    }

    private func revision() throws -> String {
        let told = try scene.get("com.atproto.space.getSpace", [("space", forum)], by: alice)
        return try #require(told.json["space"]?["revision"]?.string, "\(told.text)")
    }

    @Test func aBatchIsMadeInOrderAndAnswersEachWrite() throws {
        let made = try scene.apply(
            [
                scene.tagged("create", "a", "1"), scene.tagged("update", "a", "2"), scene.tagged("create", nil, "3"),
                scene.tagged("create", "b", "4"), scene.tagged("delete", "b", nil),
            ], to: forum, by: bob)
        try #require(made.status == 200, "\(made.text)")
        let results = try #require(made.json["results"]?.array)
        #expect(
            results.map { $0["$type"]?.string?.split(separator: "#").last.map(String.init) } == [
                "createResult", "updateResult", "createResult", "createResult", "deleteResult",
            ])
        #expect(results[4].keys == ["$type"])
        #expect(results[1]["uri"] == .string("\(forum)/\(bob.did)/com.example.post/a"))
        let key = try #require(results[2]["uri"]?.string?.split(separator: "/").last.map(String.init))
        #expect(TID.isValid(key))
        #expect(try texts() == ["a": "2", key: "3"])
        // One batch is one revision.
        let ops = try scene.repo("listRepoOps", of: bob, in: forum, by: bob).json["ops"]?.texts("rev") ?? []
        #expect(ops.count == 5 && Set(ops).count == 1)
    }

    /// What is remembered of a record and of who asks decides nothing.
    @Test func aReadThatWasAnsweredIsJudgedAndReadAnewEachTime() throws {
        func read(by person: SpaceScene.Person) throws -> String {
            let told = try scene.get(
                SpaceScene.space + "getRecord",
                [("space", forum), ("repo", bob.did), ("collection", SpaceScene.post), ("rkey", "a")], by: person)
            return told.json["value"]?["text"]?.string ?? told.outcome
        }
        try scene.write("a", "first", to: forum, by: bob)
        for _ in 1...3 { #expect(try read(by: alice) == "first" && read(by: bob) == "first") }
        try scene.write("a", "second", to: forum, by: bob)
        for _ in 1...2 { #expect(try read(by: alice) == "second") }
        let carol = try scene.person("carol")
        #expect(try read(by: carol) == "400 RepoNotFound")
        try scene.add(carol, to: forum, by: alice)
        for _ in 1...2 { #expect(try read(by: carol) == "second") }
        let removed = try scene.post(
            "com.atproto.simplespace.removeMember", ["space": .string(forum), "did": .string(carol.did)], by: alice)
        #expect(removed.status == 200, "\(removed.text)")
        #expect(try read(by: carol) == "400 RepoNotFound")
        try scene.write("a", "first", to: forum, by: bob)
        #expect(try read(by: alice) == "first", "what was written before is written again")
        #expect(try scene.apply([scene.tagged("delete", "a", nil)], to: forum, by: bob).status == 200)
        #expect(try read(by: alice) == "400 RecordNotFound")
    }

    @Test func ofABatchThatFailsNothingIsLeft() throws {
        try scene.write("a", "0", to: forum, by: bob)
        for (write, outcome) in [
            (scene.tagged("create", "a"), "400 RecordAlreadyExists"),
            (scene.tagged("update", "x"), "400 RecordNotFound"),
            (scene.tagged("delete", "x", nil), "400 RecordNotFound"),
            (scene.tagged("update", nil), "400 InvalidRequest"),
            (scene.tagged("merge", "x"), "400 InvalidRequest"), ("text", "400 InvalidRequest"),
            (scene.acted("upsert", "x"), "400 InvalidRequest"), (scene.acted("delete", "x", nil), "400 RecordNotFound"),
        ] {
            #expect(
                try scene.apply([scene.tagged("create", "new"), write], to: forum, by: bob).outcome == outcome,
                "\(write)")
        }
        #expect(try texts() == ["a": "0"])
    }

    @Test func theOlderEncodingUpdatesWhatIsNotThere() throws {
        let made = try scene.apply(
            [scene.acted("update", "a", "1"), scene.acted("update", "a", "2"), scene.acted("create", nil, "3")],
            to: forum,
            by: bob, name: "dev.happyview.space.applyWrites")
        try #require(made.status == 200, "\(made.text)")
        #expect(made.json["results"]?.array?.allSatisfy { $0["$type"] == nil && $0["uri"] != nil } == true)
        #expect(try texts()["a"] == "2")
        #expect(
            try scene.apply(
                [scene.acted("delete", "x", nil)], to: forum, by: bob, name: "dev.happyview.space.applyWrites"
            )
            .outcome == "404 RecordNotFound")
    }

    @Test func aBatchHasAtMostTwoHundredWrites() throws {
        let writes = (0...200).map { scene.tagged("create", "k\($0)") }
        let refused = try scene.apply(writes, to: forum, by: bob)
        #expect(refused.outcome == "400 InvalidRequest")
        #expect(refused.json["message"] == "Too many writes. Max: 200")
        #expect(try scene.apply(Array(writes.dropLast()), to: forum, by: bob).status == 200)
        #expect(try scene.apply([], to: forum, by: bob).json["results"] == [])
    }

    @Test func swapsAreComparedWithWhatIsThere() throws {
        let put = { (rkey: String, swap: JSON) in
            try scene.post(
                "com.atproto.space.putRecord",
                scene.body(forum, rkey, "\(swap)", try #require(JSONObject([("swapRecord", swap)]))),
                by: bob
            ).outcome
        }
        let first = try #require(try scene.write("a", "0", to: forum, by: bob)["cid"]?.string)
        #expect(try put("a", .null) == "409 InvalidSwap")
        #expect(try put("a", "bafyreidefdycgbfy3oglcb6ism3eqhyp5llsrpzxjsuac2gsy4mtrtx244") == "409 InvalidSwap")
        #expect(try put("a", 5) == "400 InvalidRequest")
        #expect(try put("b", .string(first)) == "409 InvalidSwap")
        #expect(try put("b", .null) == "200")
        #expect(try put("a", .string(first)) == "200")
        #expect(try put("a", .string(first)) == "409 InvalidSwap")
        func delete(_ swap: String) throws -> String {
            try scene.post(
                "com.atproto.space.deleteRecord",
                [
                    "space": .string(forum), "collection": .string(SpaceScene.post), "rkey": "a",
                    "swapRecord": .string(swap),
                ], by: bob
            ).outcome
        }
        #expect(try delete(first) == "409 InvalidSwap")
        let current = try #require(try scene.read("a", of: bob, in: forum, by: bob).json["cid"]?.string)
        #expect(try delete(current) == "200")
    }

    @Test func theSpacesRevisionIsComparedBeforeAnyWrite() throws {
        try scene.write("a", "0", to: forum, by: alice)
        let revision = try revision()
        let own = try #require(
            try scene.repo("getLatestCommit", of: alice, in: forum, by: alice).json["commit"]?["rev"]?.string)
        func apply(_ rkey: String, _ swap: String, _ person: SpaceScene.Person) throws -> String {
            try scene.apply([scene.tagged("create", rkey)], to: forum, by: person, swapCommit: swap).outcome
        }
        #expect(try apply("b", "", bob) == "409 InvalidSwap")
        #expect(try apply("b", revision, bob) == "200")
        #expect(try apply("c", revision, bob) == "409 InvalidSwap")
        // A repo's own revision is not the space's.
        #expect(try apply("d", own, alice) == "409 InvalidSwap" || own == revision)
        #expect(try texts().keys.sorted() == ["b"])
    }

    @Test func aWriteSentAgainUnderItsKeyIsMadeOnce() throws {
        func create(_ text: String, _ key: String) throws -> RawResponse {
            try scene.accounts.wire.post(
                "/xrpc/com.atproto.space.createRecord", authorization: "Bearer \(bob.token)",
                body: scene.body(forum, nil, text).serialized(), headers: ["Idempotency-Key: \(key)"])
        }
        let first = try create("once", "k1")
        #expect(first.status == 200)
        #expect(try create("once", "k1").body == first.body)
        #expect(try create("other", "k1").outcome == "400 InvalidRequest")
        #expect(try create("once", String(repeating: "k", count: 257)).outcome == "400 InvalidRequest")
        #expect(try create("once", "k2").body != first.body)
        #expect(try texts().count == 2)
    }

    @Test func recordsAreCheckedAsTheCallAsks() throws {
        func create(_ validate: JSON?) throws -> RawResponse {
            var more = JSONObject()
            more["validate"] = validate
            return try scene.post("com.atproto.space.createRecord", scene.body(forum, nil, "x", more), by: bob)
        }
        #expect(try create(nil).json["validationStatus"] == "unknown")
        #expect(try create(false).json["validationStatus"] == nil)
        #expect(try create(true).outcome == "400 InvalidRequest")
        #expect(try create("yes").outcome == "400 InvalidRequest")
    }

    @Test func bodiesBeyondTheLimitAreRefused() throws {
        let long = String(repeating: "x", count: 1_000_000)
        #expect(
            try scene.post("com.atproto.space.createRecord", scene.body(forum, nil, long), by: bob).outcome
                == "413 PayloadTooLarge")
        let fits = String(repeating: "x", count: 900_000)
        #expect(try scene.post("com.atproto.space.createRecord", scene.body(forum, nil, fits), by: bob).status == 200)
    }

    @Test func whoAsksIsLookedAtFirstThenTheSpaceThenTheRepo() throws {
        let carol = try scene.person("carol")
        let absent = "at://\(alice.did)/space/com.example.forum/absent"
        for name in ["createRecord", "putRecord", "deleteRecord", "applyWrites"] {
            let method = "com.atproto.space." + name
            #expect(try scene.post(method, [:]).outcome == "401 AuthMissing")
            #expect(try scene.post(method, [:], by: carol).outcome == "400 InvalidRequest")
            var body = try #require(scene.body(forum, "k", "").object)
            body["writes"] = [scene.tagged("create", "k")]
            let hidden = try scene.post(method, .object(body), by: carol)
            body["space"] = .string(absent)
            let missing = try scene.post(method, .object(body), by: carol)
            #expect(hidden.outcome == "400 SpaceNotFound" && hidden.shape == missing.shape, "\(name)")
            body["repo"] = .string(bob.did)
            #expect(try scene.post(method, .object(body), by: carol).outcome == "403 Forbidden")
            body["repo"] = "bob.localhost"
            #expect(try scene.post(method, .object(body), by: carol).outcome == "400 InvalidRequest")
        }
        for name in ["getRecord", "listRecords", "getLatestCommit", "getRepo", "listRepoOps", "listBlobs", "listRepos"]
        {
            #expect(try scene.get("com.atproto.space." + name).outcome == "401 AuthMissing", "\(name)")
            #expect(
                try scene.get("com.atproto.space." + name, [("space", "x")], by: carol).outcome == "400 InvalidRequest")
        }
        // Who reads but may not write is told so, as it sees the space anyway.
        try scene.add(carol, to: forum, access: "read", by: alice)
        #expect(
            try scene.post("com.atproto.space.createRecord", scene.body(forum, "k", ""), by: carol).outcome
                == "403 WriteNotAuthorized")
    }

    @Test func aRecordIsFoundWithoutItsAuthorWhereOnlyOneHasIt() throws {
        func find(_ rkey: String, by person: SpaceScene.Person) throws -> RawResponse {
            try scene.get(
                "dev.happyview.space.getRecord",
                [("space", forum), ("collection", SpaceScene.post), ("rkey", rkey)], by: person)
        }
        try scene.write("one", "b", to: forum, by: bob)
        try scene.write("two", "a", to: forum, by: alice)
        try scene.write("two", "b", to: forum, by: bob)
        let carol = try scene.person("carol")
        try scene.add(carol, to: forum, access: "read_self", by: alice)
        #expect(try find("one", by: alice).json["value"]?["text"] == "b")
        #expect(try find("two", by: alice).outcome == "400 InvalidRequest")
        #expect(try find("none", by: alice).outcome == "404 RecordNotFound")
        #expect(try find("one", by: carol).outcome == "404 RepoNotFound")
    }

    @Test(arguments: [SpaceScene.space, SpaceScene.older])
    func withoutAnAuthorEverythingIsListedThatTheCallerMayRead(_ prefix: String) throws {
        let (carol, dan) = (try scene.person("carol"), try scene.person("dan"))
        try scene.add(carol, to: forum, access: "write", by: alice)
        // The clock stands still, so what comes first is of whose name comes first.
        for (person, rkey) in [(alice, "1"), (bob, "2"), (carol, "3"), (carol, "4")] {
            try scene.write(rkey, rkey, to: forum, by: person)
        }
        func list(_ person: SpaceScene.Person?, in space: String? = nil, limit: Int = 50) throws -> [String] {
            var (found, cursor): ([String], String?) = ([], nil)
            repeat {
                let more = cursor.map { [("cursor", $0)] } ?? []
                let page = try scene.get(
                    prefix + "listRecords", [("space", space ?? forum), ("limit", "\(limit)")] + more, by: person)
                guard page.status == 200 else { return [page.outcome] }
                found += page.json["records"]?.texts("rkey") ?? []
                cursor = page.json["cursor"]?.string
            } while cursor != nil
            return found
        }
        let status = prefix == SpaceScene.older ? 404 : 400
        for limit in 1...5 { #expect(try list(alice, limit: limit) == ["1", "2", "3", "4"]) }
        #expect(try list(carol) == ["1", "2", "3", "4"])
        #expect(try list(dan) == ["\(status) SpaceNotFound"] && list(dan, in: forum + "x") == list(dan))
        #expect(try list(nil) == ["401 AuthMissing"])
        let removed: JSON = ["space": .string(forum), "did": .string(carol.did)]
        #expect(try scene.post(SpaceScene.simple + "removeMember", removed, by: alice).status == 200)
        for limit in 1...3 { #expect(try list(carol, limit: limit) == ["3", "4"], "her own, to take away") }
        let gone: JSON = ["space": .string(forum), "collection": .string(SpaceScene.post), "rkey": "3"]
        #expect(try scene.post(prefix + "deleteRecord", gone, by: carol).status == 200)
        #expect(try list(carol) == ["4"] && list(alice) == ["1", "2", "4"])
        let written = try scene.post(prefix + "createRecord", scene.body(forum, "5", ""), by: carol)
        #expect(written.outcome == "\(status) SpaceNotFound")
        #expect(
            try scene.post("dev.capabilitygraph.space.deleteRepo", ["space": .string(forum)], by: carol).status == 200)
        #expect(try list(carol) == ["\(status) SpaceNotFound"], "nothing is left there of hers")
        #expect(try list(alice) == ["1", "2"])
    }

    @Test func theOlderListingGoesByAge() throws {
        for rkey in ["m", "z", "a"] { try scene.write(rkey, rkey, to: forum, by: bob) }
        func list(_ more: [(String, String)]) throws -> RawResponse {
            try scene.get("dev.happyview.space.listRecords", [("spaceUri", forum), ("did", bob.did)] + more, by: bob)
        }
        let rows = try list([])
        #expect(rows.json["records"]?.texts("rkey") == ["m", "z", "a"])
        #expect(rows.json["records"]?.array?.allSatisfy { $0["value"] == nil } == true)
        #expect(try list([("reverse", "true")]).json["records"]?.texts("rkey") == ["a", "z", "m"])
        var seen: [String] = []
        var cursor: String?
        repeat {
            let page = try list([("limit", "1"), ("includeValues", "true")] + (cursor.map { [("cursor", $0)] } ?? []))
            seen += page.json["records"]?.array?.compactMap { $0["value"]?["text"]?.string } ?? []
            cursor = page.json["cursor"]?.string
        } while cursor != nil
        #expect(seen == ["m", "z", "a"])
        #expect(try list([("limit", "101")]).outcome == "400 InvalidRequest")
        #expect(try list([("cursor", "x")]).outcome == "400 MalformedCursor")
    }

    @Test func writesIntoSpacesHeldElsewhereStayInTheAuthorsRepo() throws {
        let foreign = "at://did:web:other.example/space/com.example.forum/main"
        try scene.write("a", "far", to: foreign, by: bob)
        #expect(try scene.read("a", of: bob, in: foreign, by: bob).json["value"]?["text"] == "far")
        #expect(try scene.read("a", of: bob, in: foreign, by: alice).outcome == "400 RepoNotFound")
        #expect(
            try scene.get("com.atproto.space.listRepos", [("space", foreign)], by: bob).outcome == "400 SpaceNotFound")
    }
}
