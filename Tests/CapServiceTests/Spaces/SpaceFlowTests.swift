import CapTesting
import Multiformats
import Testing

/// The shortest way from nothing to a space with members, over HTTP with session tokens.
@Suite struct SpaceFlowTests {
    @Test func anAccountMakesASpaceAndListsItsMembers() throws {
        let scene = try SpaceScene()
        let bob = try scene.person("bob")
        _ = try scene.person("alice")
        let alice = try scene.signIn("alice")
        let forum = try scene.create("main", by: alice)
        #expect(forum == "at://\(alice.did)/space/com.example.forum/main")
        #expect(try scene.members(forum, by: alice).isEmpty, "the owner is not on the list")
        try scene.add(bob, to: forum, by: alice)
        #expect(try scene.members(forum, by: alice) == [bob.did: "write"])
    }

    @Test func spacesAndMembersSurviveARestart() throws {
        let folder = TemporaryFolder()
        var scene: SpaceScene? = try SpaceScene(in: folder)
        let alice = try #require(try scene?.person("alice"))
        let bob = try #require(try scene?.person("bob"))
        let forum = try #require(try scene?.create("main", by: alice))
        try scene?.add(bob, to: forum, access: "read", by: alice)
        scene?.accounts.service.kill()
        scene = nil
        let again = try SpaceScene(in: folder)
        #expect(try again.members(forum, by: alice) == [bob.did: "read"])
    }
}
