import ATProto
import CapTesting
import Multiformats
import Testing

/// Spaces made, described, changed, deleted and listed over HTTP (atproto-spaces.md 12, 14; readings 6 and 9).
@Suite struct SpaceRouteTests {
    private typealias Scene = SpaceScene

    private func body(_ space: String, _ more: [JSONObject.Member] = []) -> JSON {
        .object(JSONObject([("space", .string(space))] + more) ?? JSONObject())
    }

    @Test func aSpaceIsDescribedAsItWasMade() throws {
        let scene = try Scene()
        let alice = try scene.person("alice")
        let forum = try scene.create(
            "main", by: alice,
            try #require(
                JSONObject([
                    ("policy", "public"), ("displayName", "Forum"), ("config", ["members_can_list": true, "x": 1]),
                    ("appAccess", ["type": "allowList", "allowed": ["https://a.example/c"]]),
                ])))
        let flat = try scene.get(Scene.simple + "getSpace", [("space", forum)], by: alice)
        #expect(flat.status == 200 && flat.json["uri"]?.string == forum)
        #expect(flat.json["policy"] == ["$type": "com.atproto.simplespace.defs#publicPolicy"])
        #expect(flat.json["writePolicy"] == flat.json["policy"])
        #expect(
            flat.json["appAccess"] == [
                "$type": "com.atproto.simplespace.defs#allowList", "allowed": ["https://a.example/c"],
            ])
        for name in [Scene.space + "getSpace", Scene.older + "getSpace", Scene.older + "get"] {
            let wide = try scene.get(name, [("space", forum)], by: alice)
            let space = wide.json["space"]
            #expect(wide.status == 200 && wide.json["uri"]?.string == forum && wide.json["isOwner"] == true)
            #expect(space?["authorityDid"]?.string == alice.did && space?["creatorDid"]?.string == alice.did)
            #expect(space?["displayName"] == "Forum" && space?["description"] == .null)
            #expect(space?["config"] == ["membersCanList": true, "x": 1] && space?["revision"] == .null)
            #expect(wide.json["config"]?["$type"] == "com.atproto.simplespace.defs#spaceConfig")
        }
        let config = try scene.get(Scene.simple + "getConfig", [("space", forum)], by: alice)
        #expect(config.json["mintPolicy"] == "public" && config.json["managingApp"] == .null)
    }

    @Test func withoutAKeyASpaceIsNamedByTheTime() throws {
        let scene = try Scene()
        let alice = try scene.person("alice")
        // The clock stands still, so that the keys of all of these begin alike.
        var seen: Set<String> = []
        for _ in 0..<60 {
            let made = try scene.post(Scene.simple + "createSpace", ["spaceType": .string(Scene.forum)], by: alice)
            let uri = try SpaceURI(try #require(made.json["uri"]?.string, "\(made.text)"))
            #expect(try TID(uri.skey).microseconds == AccountScene.start * 1_000_000)
            #expect(seen.insert(uri.skey).inserted)
        }
        let older = try scene.post(Scene.older + "createSpace", ["type": .string(Scene.forum)], by: alice)
        #expect(older.outcome == "400 InvalidRequest", "the older interface needs `skey`")
    }

    @Test func aSpaceIsMadeOnce() throws {
        let scene = try Scene()
        let alice = try scene.person("alice")
        _ = try scene.create("main", by: alice)
        let again: JSON = ["type": .string(Scene.forum), "skey": "main"]
        #expect(
            try scene.post(Scene.simple + "createSpace", again, by: alice).outcome == "400 SpaceAlreadyExists")
        #expect(try scene.post(Scene.older + "create", again, by: alice).outcome == "409 SpaceAlreadyExists")
        #expect(try scene.post(Scene.simple + "createSpace", again).outcome == "401 AuthMissing")
        let bob = try scene.person("bob")
        let stolen: JSON = ["type": .string(Scene.forum), "skey": "x", "authority": .string(alice.did)]
        #expect(try scene.post(Scene.simple + "createSpace", stolen, by: bob).outcome == "403 Forbidden")
    }

    @Test func theOlderNamesMakeTheirCreatorAMember() throws {
        let scene = try Scene()
        let alice = try scene.person("alice")
        let made = try scene.post(
            Scene.older + "create",
            ["typeNsid": .string(Scene.forum), "skey": "old", "display_name": "Old", "accessMode": "default_deny"],
            by: alice)
        let forum = try #require(made.json["uri"]?.string)
        #expect(made.status == 201 && made.json["space"]?["displayName"] == "Old")
        #expect(try scene.members(forum, by: alice) == [alice.did: "write"])
        let changed = try scene.post(
            Scene.older + "update", ["spaceUri": .string(forum), "description": "D"], by: alice)
        #expect(changed.status == 200 && changed.json["space"]?["description"] == "D")
        #expect(changed.json["space"]?["displayName"] == "Old" && changed.json["uri"]?.string == forum)
        let gone = try scene.post(Scene.older + "delete", ["spaceUri": .string(forum)], by: alice)
        #expect(gone.status == 200 && gone.json == ["success": true])
        #expect(try scene.get(Scene.older + "get", [("spaceUri", forum)], by: alice).outcome == "404 SpaceDeleted")
    }

    @Test func onlyWhatIsNamedChanges() throws {
        let scene = try Scene()
        let alice = try scene.person("alice")
        let forum = try scene.create("main", by: alice)
        func update(_ members: JSONObject.Member...) throws -> RawResponse {
            try scene.post(Scene.simple + "updateSpace", body(forum, members), by: alice)
        }
        let named = try update(("displayName", "A"), ("readPolicy", "public"))
        #expect(named.status == 200 && named.text.isEmpty)
        #expect(try update(("description", "B")).status == 200)
        let changed = try scene.post(
            Scene.simple + "updateConfig",
            body(forum, [("mintPolicy", "managing-app"), ("managingApp", "did:web:app.example#forum")]), by: alice)
        #expect(changed.status == 200 && changed.json["managingApp"] == "did:web:app.example#forum")
        let told = try scene.get(Scene.space + "getSpace", [("space", forum)], by: alice).json["space"]
        #expect(told?["displayName"] == "A" && told?["description"] == "B" && told?["mintPolicy"] == "managing-app")
        #expect(try update(("displayName", .null)).status == 200)
        #expect(try update(("policy", "public")).status == 200)
        let after = try scene.get(Scene.space + "getSpace", [("space", forum)], by: alice).json["space"]
        #expect(after?["displayName"] == .null && after?["managingApp"] == .null)
        #expect(try update(("policy", "x")).outcome == "400 UnsupportedPolicy")
        #expect(try update(("appAccess", ["type": "x"])).outcome == "400 UnsupportedAppAccess")
        #expect(try update(("mintPolicy", "public"), ("policy", "member-list")).outcome == "400 InvalidRequest")
    }

    @Test func olderURIsAreTakenAndNotGiven() throws {
        let scene = try Scene()
        let alice = try scene.person("alice")
        let forum = try scene.create("main", by: alice)
        let older = "ats://\(alice.did)/\(Scene.forum)/main"
        for name in [Scene.space + "getSpace", Scene.simple + "getSpace", Scene.older + "getSpace"] {
            let told = try scene.get(name, [("space", older)], by: alice)
            #expect(told.json["uri"]?.string == forum && !told.text.contains("ats://"))
        }
        for broken in [
            older + "/x", "ats://\(alice.did)/space/\(Scene.forum)/main", "at://alice.localhost/space/a.b.c/d",
        ] {
            let refused = try scene.get(Scene.simple + "getSpace", [("space", broken)], by: alice)
            #expect(refused.outcome == "400 InvalidRequest", "\(broken)")
        }
    }

    @Test func nobodyElseManagesAndOutsidersLearnNothing() throws {
        let scene = try Scene()
        let (alice, bob, carol) = (try scene.person("alice"), try scene.person("bob"), try scene.person("carol"))
        let forum = try scene.create("main", by: alice)
        try scene.add(bob, to: forum, by: alice)
        let someone: JSONObject.Member = ("did", .string(carol.did))
        let calls: [(String, [JSONObject.Member])] = [
            ("updateSpace", [("policy", "public")]), ("deleteSpace", []), ("updateConfig", []),
            ("addMember", [someone]), ("removeMember", [someone]),
            ("putMember", [someone, ("read", true), ("write", true)]),
        ]
        for (name, members) in calls {
            func call(_ space: String, by person: Scene.Person?) throws -> RawResponse {
                try scene.post(Scene.simple + name, body(space, members), by: person)
            }
            #expect(try call(forum, by: bob).outcome == "400 NotSpaceOwner", "\(name)")
            let hidden = try call(forum, by: carol)
            #expect(hidden.outcome == "400 SpaceNotFound", "\(name)")
            #expect(try hidden.shape == call(forum + "x", by: carol).shape, "\(name)")
            #expect(try call(forum, by: nil).shape == call(forum + "x", by: nil).shape, "\(name)")
            #expect(try call(forum, by: nil).outcome == "401 AuthMissing", "\(name)")
        }
        for name in ["getSpace", "getConfig", "listMembers"] {
            let hidden = try scene.get(Scene.simple + name, [("space", forum)], by: carol)
            let absent = try scene.get(Scene.simple + name, [("space", forum + "x")], by: carol)
            #expect(hidden.outcome == "400 SpaceNotFound" && hidden.shape == absent.shape, "\(name)")
        }
        #expect(try scene.get(Scene.simple + "getConfig", [("space", forum)], by: bob).outcome == "400 NotSpaceOwner")
        #expect(
            try scene.post(Scene.older + "updateSpace", body(forum), by: bob).outcome == "403 NotSpaceOwner")
        #expect(try scene.get(Scene.older + "get", [("space", forum)], by: carol).outcome == "404 SpaceNotFound")
        #expect(try scene.members(forum, by: alice) == [bob.did: "write"], "nothing was changed")
    }

    @Test func aDeletedSpaceIsGoneForEverybodyAndMayBeMadeAnew() throws {
        let scene = try Scene()
        let (alice, bob, carol) = (try scene.person("alice"), try scene.person("bob"), try scene.person("carol"))
        let forum = try scene.create("main", by: alice)
        try scene.add(bob, to: forum, by: alice)
        for _ in 1...2 {
            let gone = try scene.post(Scene.simple + "deleteSpace", body(forum), by: alice)
            #expect(gone.status == 200 && gone.text.isEmpty)
        }
        for person in [alice, bob] {
            let told = try scene.get(Scene.simple + "getSpace", [("space", forum)], by: person)
            #expect(told.outcome == "400 SpaceDeleted")
        }
        let stranger = try scene.get(Scene.simple + "getSpace", [("space", forum)], by: carol)
        #expect(stranger.outcome == "400 SpaceNotFound")
        #expect(try scene.post(Scene.simple + "deleteSpace", body(forum), by: carol).outcome == "400 SpaceNotFound")
        #expect(try scene.create("main", by: alice) == forum)
        #expect(try scene.members(forum, by: alice).isEmpty)
        #expect(try scene.get(Scene.simple + "getSpace", [("space", forum)], by: bob).outcome == "400 SpaceNotFound")
    }

    @Test func anAccountListsWhatItOwnsAndIsMemberOf() throws {
        let scene = try Scene()
        let (alice, bob) = (try scene.person("alice"), try scene.person("bob"))
        let own = try scene.create("own", by: alice)
        let theirs = try scene.create("theirs", by: bob)
        _ = try scene.create("neither", by: bob)
        try scene.add(alice, to: theirs, by: bob)
        func list(_ query: [(String, String)] = [], _ name: String = Scene.space + "listSpaces") throws -> [String] {
            try scene.get(name, query, by: alice).json["spaces"]?.texts("uri") ?? []
        }
        #expect(try list() == [own, theirs].sorted() && list([], Scene.older + "list") == list())
        #expect(try list([("did", bob.did)]) == [theirs] && list([("type", "com.example.other")]).isEmpty)
        #expect(try list([("spaceType", Scene.forum)]) == list())
        #expect(try list([("did", bob.did)], Scene.older + "listSpaces") == list(), "the older `did` opens no view")
        let first = try scene.get(Scene.space + "listSpaces", [("limit", "1")], by: alice)
        let cursor = try #require(first.json["cursor"]?.string)
        let second = try scene.get(Scene.space + "listSpaces", [("limit", "1"), ("cursor", cursor)], by: alice)
        #expect(first.json["spaces"]?.array?.count == 1 && second.json["cursor"] == nil)
        #expect(second.json["spaces"]?.array?.first?["isOwner"]?.bool == (second.json["spaces"]?.texts("uri") == [own]))
        for (query, outcome) in [
            (("limit", "0"), "400 InvalidRequest"), (("limit", "101"), "400 InvalidRequest"),
            (("cursor", "x"), "400 MalformedCursor"), (("type", "x"), "400 InvalidRequest"),
        ] {
            #expect(try scene.get(Scene.space + "listSpaces", [query], by: alice).outcome == outcome)
        }
        #expect(try scene.get(Scene.space + "listSpaces").outcome == "401 AuthMissing")
    }

    @Test func theFeatureSwitchComesFirst() throws {
        let scene = try Scene(options: ["--registration", "open", "--feature", "spaces_enabled=off"])
        for name in [Scene.simple + "createSpace", Scene.older + "invite.create", Scene.space + "nothing"] {
            #expect(try scene.post(name, [:]).outcome == "404 FeatureDisabled")
        }
        let described = try scene.get("com.atproto.server.describeServer")
        #expect(described.status == 200 && described.json["spaces"] == nil, "what is off is not described")
    }
}
