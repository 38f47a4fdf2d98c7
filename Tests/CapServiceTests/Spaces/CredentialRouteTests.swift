import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// Delegation tokens and credentials over HTTP, in both profiles, and their end (atproto-spaces.md 4, 12, 13.8, 13.9).
@Suite struct CredentialRouteTests {
    private let scene: SpaceScene
    private let alice: SpaceScene.Person
    private let bob: SpaceScene.Person
    private let forum: String

    init() throws {
        scene = try SpaceScene(options: ["--registration", "open", "--allow-loopback-peers"])
        alice = try scene.person("alice")
        bob = try scene.person("bob")
        forum = try scene.create("main", by: alice)
        try scene.add(bob, to: forum, by: alice)
        try scene.write("one", "hello", to: forum, by: alice)
    }

    private func token(_ person: SpaceScene.Person, on space: String? = nil) throws -> String {
        let answer = try scene.get(
            SpaceScene.space + "getDelegationToken", [("space", space ?? forum)], by: person)
        return try #require(answer.json["token"]?.string, "\(answer.text)")
    }

    @Test func aTokenComesUnderBothNamesAndByGETAlone() throws {
        for name in [SpaceScene.space, SpaceScene.older].map({ $0 + "getDelegationToken" }) + [
            SpaceScene.older + "getMemberGrant"
        ] {
            let answer = try scene.get(name, [("space", forum)], by: bob)
            #expect(answer.status == 200, "\(answer.text)")
            let text = try #require(answer.json["token"]?.string)
            #expect(answer.json["delegationToken"]?.string == text)
            let key = try scene.key(of: bob.did)
            let token = try DelegationToken.verify(text, keys: { _, _ in key }, at: scene.time)
            #expect(token.issuer == bob.did && token.space.text == forum)
            #expect(answer.json["expiresAt"]?.string == Timestamp(seconds: token.expiresAt).rfc3339)
            #expect(try scene.post(name, ["space": .string(forum)], by: bob).status != 200)
        }
    }

    @Test func outsidersOfAListAndAbsentSpacesLookAlike() throws {
        let carol = try scene.person("carol")
        let hidden = try scene.get(SpaceScene.space + "getDelegationToken", [("space", forum)], by: carol)
        let absent = try scene.get(SpaceScene.space + "getDelegationToken", [("space", forum + "x")], by: carol)
        #expect(hidden.outcome == "400 SpaceNotFound" && hidden.shape == absent.shape)
        #expect(try scene.get(SpaceScene.space + "getDelegationToken", [("space", forum)]).outcome == "401 AuthMissing")
        let foreign = "at://did:web:elsewhere.example/space/com.example.forum/main"
        #expect(try token(carol, on: foreign).isEmpty == false)
    }

    @Test func aProvenCredentialReadsUntilItsUserIsRemoved() throws {
        let app = try CredentialApp(scene)
        let credential = try app.credential(token(bob), on: forum)
        let read = try app.read("one", of: alice.did, in: forum, credential)
        #expect(read.status == 200 && read.json["value"]?["text"] == "hello", "\(read.text)")
        let gone = try scene.post(
            SpaceScene.simple + "removeMember", ["space": .string(forum), "did": .string(bob.did)], by: alice)
        #expect(gone.status == 200)
        let refused = try app.read("one", of: alice.did, in: forum, credential)
        #expect(refused.outcome == "401 CredentialRevoked")
        #expect(refused.header("www-authenticate")?.hasPrefix("DPoP") == true)
    }

    @Test func aSignedCredentialReadsUntilItIsTakenBack() throws {
        let app = try CredentialApp(scene)
        let credential = try app.signedCredential(token(bob), on: forum)
        let read = try app.signedRead("one", of: alice.did, in: forum, credential)
        #expect(read.status == 200 && read.json["value"]?["text"] == "hello", "\(read.text)")
        let listed = try scene.get(Self.ours + "listCredentials", [("space", forum)], by: alice)
        let row = try #require(listed.json["credentials"]?.array?.first, "\(listed.text)")
        #expect(row["user"]?.string == bob.did && row["state"] == "live" && row["reason"] == nil)
        let jti = try #require(row["jti"])
        let body: JSON = ["space": .string(forum), "jti": jti, "reason": "stolen"]
        #expect(try scene.post(Self.ours + "revokeCredential", body, by: bob).outcome == "400 NotSpaceOwner")
        #expect(try scene.post(Self.ours + "revokeCredential", body, by: alice).status == 200)
        #expect(try app.signedRead("one", of: alice.did, in: forum, credential).outcome == "401 CredentialRevoked")
        let after = try scene.get(Self.ours + "listCredentials", [("space", forum)], by: alice)
        #expect(after.json["credentials"]?.array?.first?["state"] == "revoked")
        #expect(after.json["credentials"]?.array?.first?["reason"] == "stolen")
        #expect(!after.text.contains(credential), "the token is shown to nobody")
    }

    private static let ours = "dev.capabilitygraph.space."

    @Test func theAnswerSaysWhenItRunsOutAndThenItDoes() throws {
        let app = try CredentialApp(scene)
        let answer = try app.exchange(token(bob), on: forum)
        #expect(answer.json["expiresAt"]?.string == Timestamp(seconds: scene.accounts.now + 600).rfc3339)
        let credential = try #require(answer.json["credential"]?.string)
        scene.accounts.advance(604)
        #expect(try app.read("one", of: alice.did, in: forum, credential).status == 200)
        scene.accounts.advance(1)
        #expect(try app.read("one", of: alice.did, in: forum, credential).outcome == "401 JwtExpired")
    }

    @Test func aTokenIsUsedOnceAndNotBurntByABadProof() throws {
        let app = try CredentialApp(scene)
        let text = try token(bob)
        #expect(try app.exchange(text, on: forum, proof: .none).outcome == "401 BadSpaceSignature")
        #expect(try app.exchange(text, on: forum, proof: .forAnotherMethod).outcome == "401 BadDpopProof")
        #expect(try app.exchange(text, on: forum + "x").outcome == "400 InvalidDelegationToken")
        #expect(try app.exchange(text, on: forum).status == 200)
        #expect(try app.exchange(text, on: forum).outcome == "401 JwtReplayed")
    }

    @Test func aDeletedSpaceSaysSo() throws {
        let app = try CredentialApp(scene)
        let credential = try app.credential(token(bob), on: forum)
        let text = try token(bob)
        #expect(
            try scene.post(SpaceScene.simple + "deleteSpace", ["space": .string(forum)], by: alice).status == 200)
        #expect(try app.exchange(text, on: forum).outcome == "400 SpaceDeleted")
        #expect(try app.read("one", of: alice.did, in: forum, credential).outcome == "400 SpaceNotFound")
    }

    @Test func signingOutEndsWhatTheSessionAskedFor() throws {
        let app = try CredentialApp(scene)
        let signed = try AccountScene.Signed(try scene.accounts.login("bob.localhost").json)
        let person = SpaceScene.Person(did: signed.did, token: signed.access)
        let (mine, other) = (try app.credential(token(person), on: forum), try app.credential(token(bob), on: forum))
        #expect(try app.read("one", of: alice.did, in: forum, mine).status == 200)
        #expect(try scene.accounts.post("com.atproto.server.deleteSession", signed.refresh).status == 200)
        #expect(try app.read("one", of: alice.did, in: forum, mine).outcome == "401 CredentialRevoked")
        #expect(try app.read("one", of: alice.did, in: forum, other).status == 200)
    }

    // MARK: Applications

    @Test func anAllowListAsksForAnAttestation() throws {
        let client = try AttestedClient()
        let app = try CredentialApp(scene)
        let changed = try scene.post(
            SpaceScene.simple + "updateSpace",
            ["space": .string(forum), "appAccess": client.allowList], by: alice)
        #expect(changed.status == 200, "\(changed.text)")
        let text = try token(bob)
        #expect(try app.exchange(text, on: forum).outcome == "400 AppNotAuthorized")
        let stranger = try client.attestation(for: forum, at: scene.time, key: try PrivateKey.generate(.p256))
        #expect(try app.exchange(text, on: forum, attestation: stranger).outcome == "400 InvalidClientAttestation")
        #expect(try app.exchange(text, on: forum, attestation: "x").outcome == "400 InvalidClientAttestation")
        let good = try client.attestation(for: forum, at: scene.time)
        let answer = try app.exchange(text, on: forum, attestation: good)
        #expect(answer.status == 200, "\(answer.text)")
        let again = try app.exchange(try token(bob), on: forum, attestation: good)
        #expect(again.outcome == "400 InvalidClientAttestation", "an attestation is used once")
        let listed = try scene.get(Self.ours + "listCredentials", [("space", forum)], by: alice)
        #expect(listed.json["credentials"]?.array?.first?["clientId"]?.string == client.id)
    }

    @Test func nobodyIsAskedAboutAnApplicationForASpaceThatIsNotHere() throws {
        let client = try AttestedClient()
        let app = try CredentialApp(scene)
        let absent = "at://\(bob.did)/space/com.example.forum/absent"
        let key = try PrivateKey.generate(.p256)
        let text = try DelegationToken.make(
            issuer: key.did.text, space: try SpaceURI(absent), key: key, at: scene.time
        ).text
        let attestation = try client.attestation(for: absent, at: scene.time)
        #expect(try app.exchange(text, on: absent, attestation: attestation).outcome == "400 SpaceNotFound")
        #expect(client.host.requests.isEmpty)
    }

    @Test func theOwnersApplicationsAreBoundByTheListToo() throws {
        let changed = try scene.post(
            SpaceScene.simple + "updateSpace",
            ["space": .string(forum), "appAccess": try AttestedClient().allowList], by: alice)
        #expect(changed.status == 200, "\(changed.text)")
        let app = try CredentialApp(scene)
        #expect(try app.exchange(token(alice), on: forum).outcome == "400 AppNotAuthorized")
    }

    // MARK: Managing applications

    @Test func aManagingApplicationIsAskedOverHTTP() throws {
        let answer = Locked("{}")
        let host = StubHost { asked in
            let port = asked.head.split(separator: "\r\n").first { $0.hasPrefix("host:") }?.split(separator: ":").last
            let did = "did:web:127.0.0.1%3A\(port ?? "")"
            guard asked.target == "/.well-known/did.json" else {
                return StubHost.Reply(200, answer.withLock { $0 })
            }
            let service: JSON = [
                "id": "#forum", "type": "App", "serviceEndpoint": .string("http://127.0.0.1:\(port ?? "")"),
            ]
            let document: JSON = ["id": .string(did), "service": [service]]
            return StubHost.Reply(200, String(decoding: document.serialized(), as: UTF8.self))
        }
        let name = "did:web:127.0.0.1%3A\(host.port)#forum"
        let policy: JSON = [
            "$type": "com.atproto.simplespace.defs#managingAppPolicy", "managingApp": .string(name),
        ]
        let changed = try scene.post(
            SpaceScene.simple + "updateSpace", ["space": .string(forum), "policy": policy], by: alice)
        #expect(changed.status == 200, "\(changed.text)")
        let app = try CredentialApp(scene)
        let text = try token(try scene.person("carol"))
        #expect(try app.exchange(text, on: forum).outcome == "400 UserNotAuthorized")
        answer.withLock { $0 = #"{"authorized":true}"# }
        #expect(try app.exchange(text, on: forum).status == 200)
        #expect(host.requests.last?.target.hasPrefix("/xrpc/com.atproto.simplespace.checkUserAccess?space=") == true)
    }
}

extension SpaceScene {
    /// The instant on the service's clock.
    var time: Timestamp { Timestamp(seconds: accounts.now) }
}
