import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// Whole repos over HTTP: commits, exports, logs and writers, each checked as a reader checks it
/// (atproto-spaces.md 9, 10, 13.4 to 13.6, 18; reading 9).
@Suite struct RepoRouteTests {
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

    private func commit(by reader: SpaceScene.Person) throws -> SignedCommit {
        try scene.verified(
            try scene.repo("getLatestCommit", of: bob, in: forum, by: reader).json["commit"], of: bob.did, in: forum)
    }

    @Test func everyReaderGetsACommitOfItsOwn() throws {
        #expect(try scene.repo("getLatestCommit", of: bob, in: forum, by: bob).outcome == "400 RepoNotFound")
        try scene.write("a", "1", to: forum, by: bob)
        let commits = [try commit(by: alice), try commit(by: alice), try commit(by: bob)]
        #expect(Set(commits.map(\.ikm)).count == 3 && Set(commits.map(\.hash)).count == 1)
        try scene.write("a", "2", to: forum, by: bob)
        #expect(try commit(by: alice).rev > commits[0].rev)
    }

    @Test func aRepoIsExportedWholeAndVerifies() throws {
        var expected: [String: [UInt8]] = [:]
        for number in 0..<30 {
            let rkey = String(repeating: "k", count: 1 + number % 7) + "\(number)"
            try scene.write(rkey, String(repeating: "x", count: number * 500), to: forum, by: bob)
            expected["com.example.post/\(rkey)"] = try PreparedRecord(
                json: ["text": .string(String(repeating: "x", count: number * 500))], collection: "com.example.post"
            ).bytes
        }
        let archive = try scene.repo("getRepo", of: bob, in: forum, by: alice)
        #expect(archive.header("content-type") == "application/vnd.ipld.car" && archive.isFramed)
        let unpacked = try scene.unpack(archive.body, of: bob.did, in: forum)
        #expect(unpacked.records == expected)
        #expect(unpacked.commit.rev == (try commit(by: bob)).rev)
        let bare = try scene.repo("getRepo", of: bob, in: forum, [("excludeValues", "true")], by: alice)
        let index = try scene.unpack(bare.body, of: bob.did, in: forum, values: .excluded)
        #expect(index.index == unpacked.index && index.records.isEmpty && index.commit.ikm != unpacked.commit.ikm)
        let other = try scene.person("carol")
        #expect(try scene.repo("getRepo", of: bob, in: forum, by: other).outcome == "400 RepoNotFound")
    }

    @Test func theLogFoldsToTheRepoAndIsCommittedToAtItsHead() throws {
        for batch in 0..<3 {
            let writes = (0..<4).map { scene.tagged("create", "\(batch)-\($0)", "\(batch)") }
            #expect(try scene.apply(writes, to: forum, by: bob).status == 200)
        }
        try scene.write("0-0", "again", to: forum, by: bob)
        _ = try scene.apply([scene.tagged("delete", "1-1", nil)], to: forum, by: bob)
        for limit in [1, 3, 4, 14, 15] {
            var fold = OplogFold()
            var cursor: String?
            var commit: JSON?
            repeat {
                let page = try scene.repo(
                    "listRepoOps", of: bob, in: forum,
                    [("limit", "\(limit)")] + (cursor.map { [("cursor", $0)] } ?? []), by: alice)
                for op in page.json["ops"]?.array ?? [] { try fold.apply(try RepoOperation(json: op)) }
                cursor = page.json["cursor"]?.string
                commit = page.json["commit"]
                #expect((cursor == nil) != (commit == nil))
            } while cursor != nil
            #expect(try scene.verified(commit, of: bob.did, in: forum).hash == fold.hash.digest)
            #expect(fold.records.count == 11)
        }
    }

    @Test func onlyTheAuthorSeesTheStateOfTheSetHash() throws {
        let empty = try scene.repo("getRepoState", of: bob, in: forum, by: bob)
        #expect(empty.json["rev"]?.isNull == true && empty.json["commit"]?.isNull == true, "\(empty.text)")
        try scene.write("a", "1", to: forum, by: bob)
        let own = try scene.repo("getRepoState", of: bob, in: forum, by: bob).json
        let shownState = try #require(own["lthashState"])
        let state = try #require(try RecordData.decode(shownState).bytes)
        #expect(try LtHash(state: state).digest == scene.verified(own["commit"], of: bob.did, in: forum).hash)
        let shown = try scene.repo("getRepoState", of: bob, in: forum, by: alice)
        #expect(shown.json["rev"] == own["rev"] && shown.json["lthashState"] == nil, "\(shown.text)")
        let carol = try scene.person("carol")
        #expect(try scene.repo("getRepoState", of: bob, in: forum, by: carol).outcome == "400 RepoNotFound")
    }

    @Test func writersAreListedInBothOrders() throws {
        let carol = try scene.person("carol")
        try scene.add(carol, to: forum, by: alice)
        for person in [carol, bob, alice] { try scene.write("a", "1", to: forum, by: person) }
        func list(_ query: [(String, String)]) throws -> RawResponse {
            try scene.get("com.atproto.space.listRepos", [("space", forum)] + query, by: alice)
        }
        let whole = try list([])
        let dids = [alice.did, bob.did, carol.did].sorted()
        #expect(whole.json["repos"]?.texts("did") == dids && whole.json["cursor"] == nil)
        for entry in whole.json["repos"]?.array ?? [] {
            let commit = try scene.verified(
                try scene.repo("getLatestCommit", of: entry["did"]?.string ?? "", in: forum, by: alice).json["commit"],
                of: entry["did"]?.string ?? "", in: forum)
            #expect(entry["rev"] == .string(commit.rev) && entry["repoRev"] == entry["rev"])
            #expect(entry["hash"] == RecordData.json(.bytes(commit.hash)))
        }
        let byRevision = try list([("order", "spaceRev")])
        #expect(byRevision.json["repos"]?.texts("did") == [carol.did, bob.did, alice.did])
        let last = try #require(byRevision.json["cursor"]?.string)
        #expect(byRevision.json["spaceRev"] == .string(last))
        let end = try list([("cursor", last)])
        #expect(end.json["repos"] == [] && end.json["cursor"] == nil)
        #expect(try list([("limit", "2")]).json["cursor"] == .string(dids[1]))
        #expect(try list([("cursor", dids[1])]).json["repos"]?.texts("did") == [dids[2]])
        for (query, outcome) in [
            (("cursor", "x"), "400 MalformedCursor"), (("order", "x"), "400 InvalidRequest"),
            (("since", "x"), "400 InvalidRequest"), (("limit", "0"), "400 InvalidRequest"),
        ] { #expect(try list([query]).outcome == outcome) }
    }

    @Test func aCredentialListsWritersAscendingWhateverItsCursor() throws {
        let carol = try scene.person("carol")
        try scene.add(carol, to: forum, by: alice)
        for person in [carol, bob, alice] { try scene.write("a", "1", to: forum, by: person) }
        let app = try CredentialApp(scene)
        let token = try scene.get("com.atproto.space.getDelegationToken", [("space", forum)], by: bob).json["token"]
        let credential = try app.credential(try #require(token?.string), on: forum)
        /// Pages to the end, at most seven pages, with `meanwhile` after the first.
        func list(_ limit: Int, from start: String?, meanwhile: () throws -> Void = {}) throws -> [String] {
            var (dids, cursor): ([String], String?) = ([], start)
            for _ in 0..<7 {
                let query = [("space", forum), ("limit", "\(limit)")] + (cursor.map { [("cursor", $0)] } ?? [])
                let page = try app.get("com.atproto.space.listRepos", query, credential)
                try #require(page.status == 200, "\(page.text)")
                #expect(page.json["spaceRev"] == nil)
                #expect(page.json["cursor"] == page.json["repos"]?.array?.last?["spaceRev"])
                if dids.isEmpty { try meanwhile() }
                dids += page.json["repos"]?.texts("did") ?? []
                cursor = page.json["cursor"]?.string
                guard cursor != nil else { return dids }
            }
            Issue.record("the listing does not end")
            return dids
        }
        for start in [nil, "0", "", "x", bob.did] {
            for limit in 1...4 { #expect(try list(limit, from: start) == [carol.did, bob.did, alice.did]) }
        }
        let moved = try list(1, from: "0") { try scene.write("b", "1", to: forum, by: carol) }
        #expect(moved == [carol.did, bob.did, alice.did, carol.did], "who is written to meanwhile comes again")
        #expect(try list(2, from: nil) == [bob.did, alice.did, carol.did])
    }

    @Test func afterTheSpaceIsDeletedARepoIsItsAuthorsAlone() throws {
        try scene.write("a", "1", to: forum, by: bob)
        try scene.write("b", "1", to: forum, by: alice)
        #expect(
            try scene.post("com.atproto.simplespace.deleteSpace", ["space": .string(forum)], by: alice).status == 200)
        #expect(try scene.read("a", of: bob, in: forum, by: bob).status == 200)
        #expect(try scene.repo("listRecords", of: bob, in: forum, by: bob).json["records"]?.array?.count == 1)
        let archive = try scene.repo("getRepo", of: bob, in: forum, by: bob)
        #expect(try scene.unpack(archive.body, of: bob.did, in: forum).records.count == 1)
        #expect(try scene.read("a", of: bob, in: forum, by: alice).outcome == "400 SpaceDeleted")
        #expect(try scene.repo("getRepo", of: alice, in: forum, by: alice).outcome == "400 RepoNotFound")
        #expect(
            try scene.post("com.atproto.space.createRecord", scene.body(forum, nil, "x"), by: bob).outcome
                == "400 SpaceNotFound")
        func delete(_ person: SpaceScene.Person, _ more: JSONObject = JSONObject()) throws -> String {
            var body = more
            body["space"] = .string(forum)
            return try scene.post("dev.capabilitygraph.space.deleteRepo", .object(body), by: person).outcome
        }
        #expect(try delete(alice, try #require(JSONObject([("repo", .string(bob.did))]))) == "403 Forbidden")
        #expect(try delete(bob) == "200")
        #expect(try delete(bob) == "400 RepoNotFound")
        #expect(try scene.read("a", of: bob, in: forum, by: bob).outcome == "400 RepoNotFound")
        let listed = try scene.get("com.atproto.space.listSpaces", by: bob)
        #expect(!listed.text.contains(forum), "\(listed.text)")
    }

    @Test func withoutTheAuthorsKeyThereIsNoCommitAndTheAnswerSaysSo() throws {
        let key = try PrivateKey.generate(.secp256k1)
        let host = try #require(try scene.get("com.atproto.server.describeServer").json["did"]?.string)
        let proof = try ServiceAuthToken.make(
            issuer: key.did.text, audience: host, method: "com.atproto.server.createAccount", key: key,
            at: Timestamp(seconds: AccountScene.start))
        let body: JSON = ["handle": "dan.localhost", "password": "a secret of hers", "did": .string(key.did.text)]
        let made = try scene.accounts.wire.post(
            "/xrpc/com.atproto.server.createAccount", authorization: "Bearer \(proof)", body: body.serialized())
        try #require(made.status == 200, "\(made.text)")
        let dan = SpaceScene.Person(did: key.did.text, token: try #require(made.json["accessJwt"]?.string))
        try scene.add(dan, to: forum, by: alice)
        try scene.write("a", "1", to: forum, by: dan)
        for method in ["getLatestCommit", "getRepo"] {
            #expect(try scene.repo(method, of: dan, in: forum, by: alice).outcome == "400 CommitUnavailable")
        }
        let ops = try scene.repo("listRepoOps", of: dan, in: forum, by: alice).json
        #expect(ops["ops"]?.array?.count == 1 && ops["commit"] == nil && ops["commitError"] == "CommitUnavailable")
        #expect(try scene.read("a", of: dan, in: forum, by: alice).status == 200)
    }
}

extension RepoOperation {
    init(json: JSON) throws {
        func cid(_ member: String) throws -> CID? {
            let value = try #require(json[member])
            return try value.string.map { try CID(atproto: $0) }
        }
        self.init(
            rev: try #require(json["rev"]?.string), collection: try #require(json["collection"]?.string),
            rkey: try #require(json["rkey"]?.string), cid: try cid("cid"), prev: try cid("prev"))
    }
}
