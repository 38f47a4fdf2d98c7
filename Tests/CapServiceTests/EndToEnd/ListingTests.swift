import Multiformats
import Testing
import UCAN

@Suite struct ListingTests {
    /// Owner → session → agent → helper, with grants on several paths; everything in one space.
    private struct Grants {
        let scene: Scene
        let root: UnverifiedToken
        let agent: PrivateKey
        let helper: PrivateKey
        var named: [String: UnverifiedToken] = [:]

        init() throws {
            scene = try Scene()
            root = try scene.signIn()
            agent = try Cast.key(0x33)
            helper = try Cast.key(0x34)
            let space = scene.space
            let wide = try scene.ucan(
                scene.session, to: agent.did,
                [
                    space.can("tinycloud.capabilities/read", "capabilities"),
                    space.can("tinycloud.kv/get", "kv/notes/"), space.can("tinycloud.kv/put", "kv/notes/"),
                ], proofs: [root])
            try scene.admit(wide)
            named["wide"] = wide
            for (name, ability, path) in [
                ("a", "tinycloud.kv/get", "kv/notes/a"), ("a/b", "tinycloud.kv/get", "kv/notes/a/b"),
                ("ab", "tinycloud.kv/put", "kv/notes/ab"), ("a put", "tinycloud.kv/put", "kv/notes/a"),
            ] {
                named[name] = try scene.admit(
                    scene.ucan(agent, to: helper.did, [space.can(ability, path)], proofs: [wide]))
            }
        }

        func names(_ cids: [String]) -> [String] {
            cids.map { cid in named.first { $0.value.cid.text == cid }?.key ?? "?" }.sorted()
        }

        func list(_ filters: JSON) throws -> [String] {
            names(try scene.list(agent, proofs: [try #require(named["wide"])], filters))
        }
    }

    @Test func anAgentSeesWhatItCreatedAndWhatItReceived() throws {
        let grants = try Grants()
        #expect(try grants.list(["direction": "created"]) == ["a", "a put", "a/b", "ab"])
        #expect(try grants.list(["direction": "received"]) == ["wide"])
        #expect(try grants.list(["direction": "all"]).count == 7, "with the host delegation and the session's root")
        #expect(try grants.list([:]).count == 7)
    }

    @Test func aPathFilterKeepsToSegmentsAndAnEmptyOneKeepsAll() throws {
        let grants = try Grants()
        let rows: [(path: String, names: [String])] = [
            ("notes/a", ["a", "a put", "a/b"]), ("notes/a/", ["a/b"]), ("notes/a/b", ["a/b"]), ("notes/ab", ["ab"]),
            ("notes/", ["a", "a put", "a/b", "ab"]), ("notes", ["a", "a put", "a/b", "ab"]), ("note", []),
            ("", ["a", "a put", "a/b", "ab"]), ("/", []), ("notes/%", []), ("NOTES/", []),
        ]
        for row in rows {
            let listed = try grants.list(["direction": "created", "path": .string(row.path)])
            #expect(listed == row.names, "`\(row.path)`")
        }
    }

    @Test func pathAndActionAreJudgedOnOneCapability() throws {
        let grants = try Grants()
        let agent = grants.agent
        let wide = try #require(grants.named["wide"])
        var named = grants
        // It has kv/get and a path below notes/x, but not on the same capability.
        named.named["split"] = try grants.scene.admit(
            grants.scene.ucan(
                agent, to: grants.helper.did,
                [
                    grants.scene.space.can("tinycloud.kv/get", "kv/notes/y"),
                    grants.scene.space.can("tinycloud.kv/put", "kv/notes/x"),
                ], proofs: [wide]))
        func list(_ path: String, _ actions: JSON) throws -> [String] {
            try named.list(["direction": "created", "path": .string(path), "actions": actions])
        }
        #expect(try list("notes/x", ["tinycloud.kv/put"]) == ["split"])
        #expect(try list("notes/x", ["tinycloud.kv/get"]) == [])
        #expect(try list("notes/x", ["tinycloud.kv/get", "tinycloud.kv/put"]) == ["split"])
        #expect(try list("notes/a", ["tinycloud.kv/get"]) == ["a", "a/b"])
        #expect(try list("notes/a", []) == [], "an empty list of actions matches nothing")
        #expect(try list("notes/a", ["tinycloud.kv/*"]) == [], "there is no wildcard")
        #expect(try list("", ["tinycloud.kv/put"]) == ["a put", "ab", "split"])
    }

    @Test func anActionIsFoundUnderItsAlias() throws {
        let scene = try Scene()
        try scene.host(scene.space, by: scene.owner)
        let root = try scene.admit(
            scene.cacao(
                scene.owner, to: scene.session.did.text,
                [
                    scene.space.can("tinycloud.capabilities/read", "capabilities"),
                    scene.space.can("tinycloud.kv/del", "kv/"),
                ]))
        let filters: JSON = ["actions": ["tinycloud.kv/delete"]]
        #expect(try scene.list(scene.session, proofs: [root], filters) == [root.cid.text])
    }

    @Test func statesAreChosenByName() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        let agent = try Cast.key(0x33)
        func grant(_ path: String, lasts: Int64 = 3600) throws -> UnverifiedToken {
            try scene.admit(
                scene.ucan(
                    scene.session, to: agent.did, [scene.space.can("tinycloud.kv/get", "kv/notes/\(path)")],
                    proofs: [root], lasts: lasts))
        }
        let brief = try grant("brief", lasts: 30)
        let lasting = try grant("lasting")
        let ended = try grant("ended")
        #expect(try scene.revoke(ended, by: scene.session).status == 200)
        scene.advance(60)
        func list(_ filters: JSON) throws -> Set<String> {
            var filters = filters.object ?? JSONObject()
            filters["path"] = "notes/"
            filters["direction"] = "created"
            let rows = try scene.list(scene.session, proofs: [root], .object(filters))
            return Set(rows.filter { $0 != root.cid.text })
        }
        let all = Set([brief, lasting, ended].map(\.cid.text))
        #expect(try list([:]) == [lasting.cid.text])
        #expect(try list(["includeExpired": true]) == [lasting.cid.text, brief.cid.text])
        #expect(try list(["includeRevoked": true]) == [lasting.cid.text, ended.cid.text])
        #expect(try list(["includeExpired": true, "includeRevoked": true]) == all)
        #expect(try list(["include_expired": true, "include_revoked": false]) == [lasting.cid.text, brief.cid.text])
        #expect(try list(["status": "revoked"]) == [ended.cid.text])
        #expect(try list(["status": ["revoked", "expired"]]) == [ended.cid.text, brief.cid.text])
        #expect(try list(["status": ["active", "pending", "expired", "revoked"]]) == all)
        #expect(try list(["status": "pending"]) == [])
    }

    @Test func rowsCarryWhatClientsReadAndOurMembersBesideIt() throws {
        let grants = try Grants()
        let wide = try #require(grants.named["wide"])
        let response = try grants.scene.read(grants.agent, proofs: [wide], ["type": "list"])
        #expect(response.header("content-type") == "application/json")
        #expect(response.header("x-capability-revision").flatMap { Int($0) } == (try grants.scene.revision()))
        let row = try #require(response.json[wide.cid.text])
        #expect(row["cid"]?.string == wide.cid.text)
        #expect(row["delegator"]?.string == grants.scene.session.did.text)
        #expect(row["delegate"]?.string == grants.agent.did.text)
        #expect(row["parents"]?.strings == [grants.root.cid.text])
        #expect(row["raw"]?.string == wide.authorization())
        #expect(row["expiry"]?.string == "2026-07-10T13:00:00Z")
        #expect(row["not_before"] == nil && row["issued_at"] == nil)
        #expect(row["kind"]?.string == "ucan" && row["mode"]?.string == "attenuable")
        #expect(row["status"]?.string == "active" && row["cause"] == nil && row["withheld"] == nil)
        #expect(row["capabilities"]?.array?.count == 3)
        let root = try #require(response.json[grants.root.cid.text])
        #expect(root["kind"]?.string == "cacao" && root["issued_at"]?.string == "2026-07-10T11:59:00Z")
    }

    @Test func aDescendantOfADeadDelegationIsNotListedAsLive() throws {
        let grants = try Grants()
        let wide = try #require(grants.named["wide"])
        #expect(try grants.scene.revoke(wide, by: grants.scene.session).status == 200)
        let live = try grants.scene.list(grants.scene.session, proofs: [grants.root], ["path": "notes/"])
        #expect(live == [grants.root.cid.text])
        let response = try grants.scene.read(
            grants.scene.session, proofs: [grants.root], ["type": "list", "filters": ["status": "revoked"]])
        #expect(Set(response.json.keys) == Set(grants.named.values.map(\.cid.text)))
        let leaf = try #require(grants.named["a/b"])
        let row = try #require(response.json[leaf.cid.text])
        #expect(row["cause"]?["code"]?.string == "ancestorRevoked")
        #expect(row["cause"]?["cid"]?.string == wide.cid.text)
        #expect(row["cause"]?["by"]?.string == grants.scene.session.did.text)
        #expect(response.json[wide.cid.text]?["cause"]?["code"]?.string == "revoked")
    }
}
