import CapTesting
import Multiformats
import Testing

/// The authority graph of a space as sessions see, question and change it (design laws 3, 6, 9).
@Suite struct GraphRouteTests {
    private typealias Scene = SpaceScene

    private let scene: SpaceScene
    private let alice: SpaceScene.Person
    private let bob: SpaceScene.Person
    private let carol: SpaceScene.Person
    private let forum: String
    private static let graph = "dev.capabilitygraph.graph."

    init() throws {
        scene = try Scene()
        (alice, bob, carol) = (try scene.person("alice"), try scene.person("bob"), try scene.person("carol"))
        forum = try scene.create("main", by: alice)
        try scene.add(bob, to: forum, by: alice)
    }

    private func ask(
        _ name: String, _ query: [(String, String)] = [], by person: SpaceScene.Person?, space: String? = nil
    ) throws -> RawResponse {
        try scene.get(Self.graph + name, [("space", space ?? forum)] + query, by: person)
    }

    private func edges(_ query: [(String, String)] = [], by person: SpaceScene.Person? = nil) throws -> [JSON] {
        let answer = try ask("listEdges", query, by: person ?? alice)
        return try #require(answer.json["delegations"]?.array, "\(answer.text)")
    }

    /// The CID of the one edge a query finds.
    private func edge(_ query: [(String, String)]) throws -> String {
        let found = try edges(query)
        try #require(found.count == 1, "\(found)")
        return try #require(found[0]["cid"]?.string)
    }

    private func check(
        _ ability: String, _ did: String? = nil, path: String? = nil, by person: SpaceScene.Person? = nil,
        explained: Bool = false
    ) throws -> JSON {
        var query = [("ability", ability)] + (did.map { [("did", $0)] } ?? []) + (path.map { [("path", $0)] } ?? [])
        if explained { query.append(("explain", "true")) }
        return try ask("check", query, by: person ?? alice).json
    }

    private func revoke(_ edge: String, by person: SpaceScene.Person? = nil, space: String? = nil) throws -> RawResponse
    {
        try scene.post(
            Self.graph + "revoke",
            ["space": .string(space ?? forum), "edge": .string(edge), "reason": "asked to"], by: person ?? alice)
    }

    @Test func managersSeeAllAndMembersTheirOwn() throws {
        let all = try edges()
        #expect(Set(all.compactMap { $0["kind"]?.string }) == ["membership", "policy", "appAccess", "ownership"])
        let own = try edges(by: bob)
        #expect(own.count == 2, "one for each right")
        for edge in own {
            #expect(edge["kind"] == "membership" && edge["delegate"]?.string == bob.did)
            #expect(edge["capabilities"]?.array?.allSatisfy { $0["resource"]?.string == forum } == true)
            #expect(edge["status"] == "active" && edge["delegator"]?.string == alice.did)
        }
        for direction in ["all", "party", "received", "concerning"] {
            #expect(try edges([("direction", direction)], by: bob) == own, "\(direction)")
        }
        #expect(try edges([("direction", "created")], by: bob).isEmpty)
        #expect(try edges([("did", bob.did)]) == own)
        #expect(try edges([("kind", "membership"), ("kind", "appAccess")]).count == 3)
        #expect(try edges([("ability", "write"), ("kind", "membership")]).count == 1)
        #expect(try edges([("ability", "connect"), ("kind", "membership")]).isEmpty)
        #expect(try ask("listEdges", [("did", alice.did)], by: bob).outcome == "400 NotSpaceOwner")
        for query in [
            ("direction", "up"), ("kind", "x"), ("status", "x"), ("limit", "0"), ("did", "x"), ("ability", ""),
        ] {
            #expect(try ask("listEdges", [query], by: alice).outcome == "400 InvalidRequest", "\(query)")
        }
    }

    @Test func edgesComeInPagesNewestFirst() throws {
        let whole = try edges().compactMap { $0["cid"]?.string }
        var seen: [String] = []
        var cursor: String?
        repeat {
            let page = try ask("listEdges", [("limit", "2")] + (cursor.map { [("cursor", $0)] } ?? []), by: alice).json
            seen += page["delegations"]?.texts("cid") ?? []
            cursor = page["cursor"]?.string
            #expect(page["complete"]?.bool == (cursor == nil) && page["revision"]?.number != nil)
        } while cursor != nil
        #expect(seen == whole && whole.count > 4)
        #expect(try ask("listEdges", [("cursor", "x")], by: alice).outcome == "400 MalformedCursor")
        let other = try ask("listEdges", [("limit", "1")], by: alice).json["cursor"]?.string ?? ""
        let mixed = try ask("listEdges", [("cursor", other), ("kind", "policy")], by: alice)
        #expect(mixed.outcome == "400 MalformedCursor")
    }

    @Test func aChainLeadsFromAMemberToTheAuthority() throws {
        let leaf = try edge([("kind", "membership"), ("ability", "read")])
        for person in [alice, bob] {
            let chain = try #require(try ask("getChain", [("edge", leaf)], by: person).json["chain"]?.array)
            #expect(chain[0]["cid"]?.string == leaf && chain.allSatisfy { $0["delegator"]?.string == alice.did })
            let parents = Set(chain[0]["parents"]?.strings ?? [])
            #expect(parents == Set(chain.dropFirst().compactMap { $0["cid"]?.string }) && parents.count == 1)
        }
    }

    @Test func unknownHiddenAndForeignEdgesAreOneAnswer() throws {
        let policy = try #require(try edges([("kind", "ownership")]).first?["cid"]?.string)
        let other = try scene.create("other", by: carol)
        let elsewhere = try #require(
            try scene.get(Self.graph + "listEdges", [("space", other)], by: carol).json["delegations"]?.texts("cid")
                .first)
        let unknown = "bafkr4ihkr4ld3m4gqkjf4reryxsy2s5tkbxprqkow6fin2iiyvreuzzab4"
        let absent = try ask("getChain", [("edge", unknown)], by: bob)
        #expect(absent.outcome == "404 EdgeNotFound")
        for hidden in [policy, elsewhere] {
            #expect(try ask("getChain", [("edge", hidden)], by: bob).shape == absent.shape)
            #expect(try revoke(hidden, by: bob).shape == absent.shape)
        }
        #expect(try ask("getChain", [("edge", elsewhere)], by: alice).shape == absent.shape)
        #expect(try revoke(elsewhere).shape == absent.shape)
        // To outsiders the space itself is not there.
        for name in ["listEdges", "getChain", "check"] {
            let query = [("edge", policy), ("ability", "read")]
            let told = try ask(name, query, by: carol)
            #expect(told.outcome == "400 SpaceNotFound", "\(name)")
            #expect(try told.shape == ask(name, query, by: carol, space: forum + "x").shape, "\(name)")
            #expect(try ask(name, query, by: nil).outcome == "401 AuthMissing", "\(name)")
        }
        #expect(try revoke(policy, by: carol).shape == revoke(policy, by: carol, space: forum + "x").shape)
        #expect(try ask("getChain", [("edge", "x")], by: alice).outcome == "400 InvalidRequest")
    }

    @Test func aDecisionNamesItsChainAndItsReason() throws {
        let write = try check("write", bob.did)
        let leaf = try edge([("kind", "membership"), ("ability", "write")])
        #expect(write["decision"] == "allow" && write["chain"]?.texts("cid").first == leaf)
        #expect(write["chain"]?.texts("kind") == ["membership", "policy", "policy"])
        for name in ["explain", "toStop", "hidden", "at"] { #expect(write[name] == nil, "nobody asked for `\(name)`") }
        let why = try check("write", bob.did, explained: true)
        #expect(why["explain"]?["candidates"]?.array?.contains { $0["cid"]?.string == leaf } == true)
        #expect(why["toStop"]?["edges"]?.strings == [leaf] && why["chain"] == write["chain"])
        let manage = try check("manage", bob.did)
        #expect(manage["decision"] == "deny" && manage["reason"]?["code"] == "abilityNotCovered")
        #expect(try check("write", carol.did)["reason"]?["code"] == "noRoute")
        #expect(
            try check("atproto.space/read", path: "\(carol.did)/com.example.post/1", by: bob)["decision"] == "allow")
        #expect(try check("read", alice.did)["decision"] == "allow", "the authority needs no edge")
        // Everybody asks about itself; about others only who manages.
        #expect(try check("write", by: bob)["decision"] == "allow")
        #expect(try check("write", bob.did, by: bob) == check("write", by: bob))
        #expect(try ask("check", [("ability", "read"), ("did", alice.did)], by: bob).outcome == "400 NotSpaceOwner")
        #expect(try ask("check", [("ability", "a b")], by: bob).outcome == "400 InvalidRequest")
        #expect(try ask("check", [("ability", "read"), ("explain", "1")], by: bob).outcome == "400 InvalidRequest")
        #expect(try ask("check", [("ability", "read"), ("path", "x")], by: bob).outcome == "400 InvalidRequest")
        #expect(try ask("check", [("did", bob.did)], by: bob).outcome == "400 InvalidRequest")
    }

    @Test func revokingAMembershipRemovesTheMember() throws {
        let leaf = try edge([("kind", "membership"), ("ability", "read")])
        #expect(try revoke(leaf, by: bob).outcome == "400 NotSpaceOwner")
        for _ in 1...2 {
            #expect(try revoke(leaf).json == ["revoked": true, "cid": .string(leaf)], "again is no error")
        }
        #expect(try scene.members(forum, by: alice).isEmpty)
        #expect(try scene.get(Scene.simple + "getSpace", [("space", forum)], by: bob).outcome == "400 SpaceNotFound")
        let told = try check("read", bob.did)
        #expect(told["decision"] == "deny" && told["reason"]?["code"] == "revoked")
        #expect(told["reason"]?["edge"]?.string == leaf)
        #expect(try edges([("kind", "membership")]).isEmpty)
        #expect(try edges([("kind", "membership"), ("status", "revoked")]).first?["cause"]?["by"]?.string == alice.did)
        // Added again, the member stands on a new edge.
        try scene.add(bob, to: forum, by: alice)
        #expect(try edge([("kind", "membership"), ("ability", "read")]) != leaf)
        #expect(try check("read", bob.did)["decision"] == "allow")
    }

    @Test func revokingAnInviteClosesIt() throws {
        let made = try scene.post(Scene.older + "createInvite", ["space": .string(forum)], by: alice)
        #expect(try revoke(edge([("kind", "invite")])).status == 200)
        let accepted = try scene.post(Scene.older + "acceptInvite", ["token": made.json["token"] ?? .null], by: carol)
        #expect(accepted.outcome == "400 InviteRevoked")
        let listed = try scene.get(Scene.older + "listInvites", [("space", forum)], by: alice)
        #expect(listed.json["invites"]?.array?.first?["revoked"] == true)
    }

    @Test func revokingAPolicyOrAnApplicationChangesTheSettings() throws {
        let apps: JSON = ["type": "allowList", "allowed": ["https://a.example/c", "https://b.example/c"]]
        let body: JSON = ["space": .string(forum), "policy": "public", "appAccess": apps]
        #expect(try scene.post(Scene.simple + "updateSpace", body, by: alice).status == 200)
        #expect(try check("write", carol.did)["decision"] == "allow")
        // Reading takes an application too, which the question does not name.
        #expect(try check("read", carol.did)["reason"]?["code"] == "missingContext")
        func policies(_ delegate: String) throws -> [String] {
            try edges().filter { edge in
                edge["delegate"]?.string == delegate
                    && edge["capabilities"]?.texts("ability") != ["atproto.space/take"]
            }.compactMap { $0["cid"]?.string }
        }
        for policy in try policies("urn:capabilitygraph:anyone") { #expect(try revoke(policy).status == 200) }
        #expect(try revoke(try #require(try policies("https://a.example/c").first)).status == 200)
        let told = try scene.get(Scene.simple + "getSpace", [("space", forum)], by: alice).json
        #expect(told["policy"] == ["$type": "com.atproto.simplespace.defs#memberListPolicy"])
        #expect(told["writePolicy"] == told["policy"])
        #expect(told["appAccess"]?["allowed"]?.strings == ["https://b.example/c"])
        #expect(try check("write", carol.did)["decision"] == "deny" && check("write", bob.did)["decision"] == "allow")
        // What carries the space itself is no setting.
        for edge in try edges([("kind", "ownership"), ("kind", "policy")]).compactMap({ $0["cid"]?.string }) {
            #expect(try revoke(edge).outcome == "400 InvalidRequest")
        }
        #expect(try check("write", bob.did)["decision"] == "allow", "nothing was half done")
    }
}
