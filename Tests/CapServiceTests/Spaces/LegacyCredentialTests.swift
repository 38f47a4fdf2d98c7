import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// Profile X over HTTP: unbound credentials, only where they are configured (atproto-spaces.md 4.9).
@Suite struct LegacyCredentialTests {
    private struct Rig {
        let scene: SpaceScene
        let alice: SpaceScene.Person
        let bob: SpaceScene.Person
        let forum: String

        init(profileX: Bool = true) throws {
            scene = try SpaceScene(
                options: ["--registration", "open"] + (profileX ? ["--profile-x", "on"] : []))
            alice = try scene.person("alice")
            bob = try scene.person("bob")
            forum = try scene.create("main", by: alice)
            try scene.add(bob, to: forum, by: alice)
            try scene.write("one", "hello", to: forum, by: alice)
        }

        func read(_ header: String) throws -> String {
            try scene.accounts.wire.get(
                "/xrpc/\(SpaceScene.space)listRecords?space=\(SpaceScene.escaped(forum))&repo=\(SpaceScene.escaped(alice.did))",
                headers: [header]
            ).outcome
        }

        func ask(_ name: String, _ body: JSON, by person: SpaceScene.Person? = nil) throws -> RawResponse {
            try scene.post(SpaceScene.older + name, body, by: person ?? bob)
        }

        var grant: String {
            get throws {
                let answer = try ask("getMemberGrant", ["space": .string(forum)])
                return try #require(answer.json["grant"]?.string, "\(answer.text)")
            }
        }

        func remove() throws {
            let gone = try scene.post(
                SpaceScene.simple + "removeMember", ["space": .string(forum), "did": .string(bob.did)], by: alice)
            #expect(gone.status == 200)
        }
    }

    @Test func aGrantIsExchangedByItsUserOnce() throws {
        let rig = try Rig()
        let grant = try rig.grant
        let body: JSON = ["grant": .string(grant)]
        #expect(try rig.ask("getSpaceCredential", body, by: rig.alice).outcome == "401 InvalidDelegationToken")
        let answer = try rig.ask("getSpaceCredential", body)
        let credential = try #require(answer.json["credential"]?.string, "\(answer.text)")
        #expect(answer.json["expiresAt"]?.string == Timestamp(seconds: rig.scene.accounts.now + 600).rfc3339)
        #expect(try rig.ask("getSpaceCredential", body).outcome == "401 JwtReplayed")
        #expect(try rig.read("Authorization: Bearer \(credential)") == "200")
        #expect(try rig.read("X-Space-Credential: \(credential)") == "200")
        try rig.remove()
        #expect(try rig.read("Authorization: Bearer \(credential)") == "401 CredentialRevoked")
    }

    @Test func todaysNameGivesTodaysTypeWithoutAKey() throws {
        let rig = try Rig()
        let answer = try rig.scene.post(
            SpaceScene.space + "getSpaceCredential", ["grant": .string(try rig.grant), "space": .string(rig.forum)],
            by: rig.bob)
        let credential = try #require(answer.json["credential"]?.string, "\(answer.text)")
        #expect(try rig.read("Authorization: Bearer \(credential)") == "200")
        #expect(try rig.read("Authorization: DPoP \(credential)") == "401 BadJwtCnf")
        try rig.remove()
        #expect(try rig.read("Authorization: Bearer \(credential)") == "401 CredentialRevoked")
    }

    @Test func theFirstReleaseTakesOneStepAndRefreshes() throws {
        let rig = try Rig()
        let first = try rig.ask("getCredential", ["spaceUri": .string(rig.forum)])
        let credential = try #require(first.json["credential"]?.string, "\(first.text)")
        #expect(try rig.read("X-Space-Credential: \(credential)") == "200")
        let body: JSON = ["spaceUri": .string(rig.forum), "credential": .string(credential)]
        let second = try rig.ask("refreshCredential", body)
        #expect(try rig.read("X-Space-Credential: \(try #require(second.json["credential"]?.string))") == "200")
        try rig.remove()
        #expect(try rig.ask("refreshCredential", body).outcome == "401 CredentialRevoked")
        #expect(try rig.ask("getCredential", ["spaceUri": .string(rig.forum)]).outcome == "404 SpaceNotFound")
    }

    @Test func aSpaceThatListsItsApplicationsGivesNone() throws {
        let rig = try Rig()
        let allow: JSON = ["$type": "com.atproto.simplespace.defs#allowList", "allowed": ["https://a.example/c.json"]]
        _ = try rig.scene.post(
            SpaceScene.simple + "updateSpace", ["space": .string(rig.forum), "appAccess": allow], by: rig.alice)
        #expect(try rig.ask("getCredential", ["spaceUri": .string(rig.forum)]).outcome == "403 AppNotAuthorized")
    }

    @Test func withoutTheProfileNothingOfItIsThere() throws {
        let rig = try Rig(profileX: false)
        for name in ["getMemberGrant", "getSpaceCredential", "getCredential", "refreshCredential"] {
            let answer = try rig.ask(name, ["space": .string(rig.forum), "grant": "x", "credential": "x"])
            #expect(answer.outcome == "501 MethodNotImplemented", "\(name)")
        }
        let token = try rig.scene.get(SpaceScene.space + "getDelegationToken", [("space", rig.forum)], by: rig.bob)
        let answer = try rig.scene.post(
            SpaceScene.space + "getSpaceCredential",
            ["grant": try #require(token.json["token"]), "space": .string(rig.forum)], by: rig.bob)
        #expect(answer.status == 401, "\(answer.text)")
    }
}
