import CapTesting
import Multiformats
import Testing

/// What writing adds to a space's description and lists, and what of it stays after deletion
/// (atproto-spaces.md 13.7, 14.2, 18; reading 9).
@Suite struct SpaceAftermathTests {
    private typealias Scene = SpaceScene

    private let scene: SpaceScene
    private let alice: SpaceScene.Person
    private let bob: SpaceScene.Person
    private let forum: String

    init() throws {
        scene = try Scene()
        (alice, bob) = (try scene.person("alice"), try scene.person("bob"))
        forum = try scene.create("main", by: alice)
        try scene.add(bob, to: forum, by: alice)
        for person in [alice, bob] { try scene.write("one", "x", to: forum, by: person) }
    }

    private func spaces(of person: SpaceScene.Person, _ query: [(String, String)] = []) throws -> [JSON] {
        try scene.get(Scene.space + "listSpaces", query, by: person).json["spaces"]?.array ?? []
    }

    private func delete(_ name: String, _ members: JSONObject.Member...) throws -> RawResponse {
        try scene.post(
            name, .object(JSONObject([("space", .string(forum))] + members) ?? JSONObject()), by: alice)
    }

    private func reads(_ person: SpaceScene.Person) throws -> String {
        try scene.read("one", of: person, in: forum, by: person).outcome
    }

    @Test func theRevisionIsWhatSwapCommitTakes() throws {
        func revision() throws -> String? {
            try scene.get(Scene.space + "getSpace", [("space", forum)], by: bob).json["space"]?["revision"]?.string
        }
        let before = try revision()
        #expect(try scene.apply([scene.tagged("create", "two")], to: forum, by: bob, swapCommit: before).status == 200)
        #expect(
            try scene.apply([scene.tagged("create", "three")], to: forum, by: bob, swapCommit: before).outcome
                == "409 InvalidSwap")
        let after = try #require(try revision())
        #expect(try after > #require(before))
    }

    @Test func writtenSpacesAreListedWhoeverHoldsThem() throws {
        let foreign = "at://did:web:elsewhere.example/space/com.example.forum/main"
        try scene.write("one", "x", to: foreign, by: bob)
        #expect(try spaces(of: bob).map { $0["uri"]?.string } == [forum, foreign].sorted())
        #expect(try spaces(of: bob).allSatisfy { $0["isOwner"] == false })
        #expect(try spaces(of: bob, [("did", "did:web:elsewhere.example")]).map { $0["uri"]?.string } == [foreign])
        #expect(try spaces(of: bob, [("type", Scene.forum)]).count == 2)
        #expect(try spaces(of: bob, [("type", "com.example.foru")]).isEmpty)
        #expect(try spaces(of: alice).map { $0["isOwner"] } == [true], "each once")
    }

    @Test func deletionTakesTheAuthoritysRepoAndLeavesTheOthers() throws {
        #expect(try delete(Scene.simple + "deleteSpace").status == 200)
        #expect(try reads(bob) == "200" && reads(alice) != "200")
        #expect(try spaces(of: bob).map { $0["uri"]?.string } == [forum] && spaces(of: alice).isEmpty)
        let other = try scene.read("one", of: alice, in: forum, by: bob)
        #expect(other.outcome == "400 SpaceDeleted")
        #expect(
            try scene.post(Scene.space + "createRecord", scene.body(forum, nil, "y"), by: bob).outcome
                == "400 SpaceNotFound")
    }

    @Test func theOlderNameTakesEverybodysDataUnlessToldNotTo() throws {
        #expect(try delete(Scene.older + "delete", ("purgeMemberData", false)).json == ["success": true])
        #expect(try reads(bob) == "200")
        _ = try scene.create("main", by: alice)
        try scene.add(bob, to: forum, by: alice)
        try scene.write("one", "x", to: forum, by: bob)
        #expect(try delete(Scene.older + "deleteSpace").status == 200)
        #expect(try reads(bob) != "200" && spaces(of: bob).isEmpty)
    }
}
