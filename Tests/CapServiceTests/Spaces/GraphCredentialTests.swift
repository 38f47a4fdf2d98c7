import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// Delegation tokens and credentials of this host as edges: listed, followed to the authority, asked about and ended
/// over HTTP (design laws 3 and 9; atproto-spaces.md 4.8).
@Suite struct GraphCredentialTests {
    private static let graph = "dev.capabilitygraph.graph."

    private let scene: SpaceScene
    private let alice: SpaceScene.Person
    private let bob: SpaceScene.Person
    private let carol: SpaceScene.Person
    private let forum: String
    private let app: CredentialApp

    init() throws {
        scene = try SpaceScene(options: ["--registration", "open", "--allow-loopback-peers"])
        (alice, bob, carol) = (try scene.person("alice"), try scene.person("bob"), try scene.person("carol"))
        forum = try scene.create("main", by: alice)
        for person in [bob, carol] { try scene.add(person, to: forum, by: alice) }
        try scene.write("one", "hello", to: forum, by: alice)
        app = try CredentialApp(scene)
    }

    private func credential(_ person: SpaceScene.Person, _ app: CredentialApp? = nil) throws -> String {
        let answer = try scene.get(SpaceScene.space + "getDelegationToken", [("space", forum)], by: person)
        return try (app ?? self.app).credential(try #require(answer.json["token"]?.string, "\(answer.text)"), on: forum)
    }

    private func edges(_ kind: String, by person: SpaceScene.Person, _ query: [(String, String)] = []) throws -> [JSON]
    {
        let answer = try scene.get(
            Self.graph + "listEdges", [("space", forum), ("kind", kind)] + query, by: person)
        return try #require(answer.json["delegations"]?.array, "\(answer.text)")
    }

    private func revoke(_ edge: JSON?, by person: SpaceScene.Person) throws -> RawResponse {
        try scene.post(Self.graph + "revoke", ["space": .string(forum), "edge": edge?["cid"] ?? .null], by: person)
    }

    private func reads(_ credential: String, _ app: CredentialApp? = nil) throws -> String {
        try (app ?? self.app).read("one", of: alice.did, in: forum, credential).outcome
    }

    /// What a key may do, as the graph tells the owner.
    private func check(_ app: CredentialApp, _ ability: String) throws -> JSON {
        let key = "urn:ietf:params:oauth:jwk-thumbprint:sha-256:" + app.key.publicKey.thumbprint
        let query = [("space", forum), ("ability", ability), ("did", key)]
        return try scene.get(Self.graph + "check", query, by: alice).json
    }

    @Test func everybodySeesItsOwnAndTheOwnerAll() throws {
        _ = try credential(bob)
        _ = try credential(carol)
        for kind in ["spaceCredential", "delegationToken"] {
            let (his, hers) = (try edges(kind, by: bob), try edges(kind, by: carol))
            #expect(his.count == 1 && hers.count == 1 && his != hers)
            let all = try edges(kind, by: alice)
            #expect(all.map { $0["cid"] } == (hers + his).map { $0["cid"] }, "newest first")
            #expect(try edges(kind, by: alice, [("did", bob.did)]).map { $0["cid"] } == his.map { $0["cid"] })
            // The session it was asked for in is shown to those whose statement it is.
            let account: JSON = .string("at://" + bob.did)
            #expect(his[0]["capabilities"]?.array?.contains { $0["resource"] == account } == true)
            let isShown = all[1]["capabilities"]?.array?.contains { $0["resource"] == account }
            #expect(isShown == (kind == "spaceCredential"))
            #expect(his[0]["withheld"]?.strings.contains("raw") == true && his[0]["raw"] == nil)
        }
    }

    @Test func aCredentialsChainShowsMembershipApplicationAndAuthority() throws {
        _ = try credential(bob)
        let leaf = try #require(try edges("spaceCredential", by: bob).first?["cid"]?.string)
        for person in [bob, alice] {
            let answer = try scene.get(Self.graph + "getChain", [("space", forum), ("edge", leaf)], by: person)
            let chain = try #require(answer.json["chain"]?.array, "\(answer.text)")
            let kinds = Set(chain.compactMap { $0["kind"]?.string })
            #expect(kinds.isSuperset(of: ["spaceCredential", "membership", "appAccess", "policy"]), "\(kinds)")
            #expect(chain[0]["cid"]?.string == leaf && chain[0]["delegator"]?.string == alice.did)
        }
        let hidden = try scene.get(Self.graph + "getChain", [("space", forum), ("edge", leaf)], by: carol)
        #expect(hidden.outcome == "404 EdgeNotFound")
    }

    @Test func whyAKeyStillReadsIsAnsweredUntilItsUserIsRemoved() throws {
        let credential = try credential(bob)
        let told = try check(app, "read")
        #expect(told["decision"] == "allow" && told["chain"]?.texts("kind").starts(with: ["spaceCredential"]) == true)
        #expect(told["chain"]?.texts("audience").contains(bob.did) == true, "the member it rests on")
        #expect(try check(app, "write")["decision"] == "deny", "a credential never writes")
        let member = try edges("membership", by: alice, [("did", bob.did), ("ability", "read")]).first
        #expect(try revoke(member, by: alice).status == 200)
        #expect(try reads(credential) == "401 CredentialRevoked")
        let after = try check(app, "read")
        #expect(after["decision"] == "deny" && after["reason"]?["code"] == "revoked")
        #expect(after["reason"]?["edge"] == member?["cid"])
        #expect(try edges("spaceCredential", by: alice).isEmpty)
        #expect(try edges("spaceCredential", by: alice, [("status", "revoked")]).count == 1)
    }

    @Test func aCredentialIsEndedByItsUserOrTheOwnerAlone() throws {
        let other = try CredentialApp(scene)
        let (his, hers) = (try credential(bob), try credential(carol, other))
        let edge = try edges("spaceCredential", by: bob).first
        #expect(try revoke(edge, by: carol).outcome == "404 EdgeNotFound")
        #expect(try reads(his) == "200")
        #expect(try revoke(edge, by: bob).status == 200)
        #expect(try reads(his) == "401 CredentialRevoked" && reads(hers, other) == "200")
        #expect(try revoke(edges("spaceCredential", by: alice).first, by: alice).status == 200)
        #expect(try reads(hers, other) == "401 CredentialRevoked")
        let listed = try scene.get("dev.capabilitygraph.space.listCredentials", [("space", forum)], by: alice)
        #expect(listed.json["credentials"]?.texts("state") == ["revoked", "revoked"], "\(listed.text)")
        // Who may read may have another one.
        #expect(try reads(try credential(bob)) == "200")
    }

    @Test func aRevokedDelegationTokenBringsNoCredential() throws {
        let answer = try scene.get(SpaceScene.space + "getDelegationToken", [("space", forum)], by: bob)
        let token = try #require(answer.json["token"]?.string)
        #expect(try revoke(edges("delegationToken", by: bob).first, by: bob).status == 200)
        #expect(try app.exchange(token, on: forum).outcome == "400 InvalidDelegationToken")
    }

    @Test func takingAnApplicationOutEndsItsCredentials() throws {
        let credential = try credential(bob)
        #expect(try revoke(edges("appAccess", by: alice).first, by: alice).status == 200)
        #expect(try reads(credential) == "401 CredentialRevoked")
        let told = try scene.get(SpaceScene.simple + "getSpace", [("space", forum)], by: alice)
        #expect(told.json["appAccess"]?["allowed"]?.strings == [])
    }
}
