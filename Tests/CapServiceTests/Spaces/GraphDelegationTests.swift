import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

/// UCANs that members of a space hand on, in the same graph and by the same methods as memberships.
@Suite struct GraphDelegationTests {
    private static let graph = "dev.capabilitygraph.graph."

    private let scene: SpaceScene
    private let alice: SpaceScene.Person
    private let space: String
    private let audience: DID
    /// A member without an account, and whom it hands its right to create on to.
    private let member: PrivateKey
    private let agent: PrivateKey

    init() throws {
        scene = try SpaceScene()
        alice = try scene.person("alice")
        space = try scene.create("main", by: alice)
        let described = try scene.get("com.atproto.server.describeServer").json
        audience = try DID(try #require(described["spaces"]?["ucan"]?["audience"]?.string))
        (member, agent) = (try PrivateKey.generate(.ed25519), try PrivateKey.generate(.ed25519))
        try scene.add(SpaceScene.Person(did: member.did.text, token: ""), to: space, by: alice)
        let given = try token(member, to: agent.did, "create")
        let admitted = try scene.accounts.wire.post("/delegate", given)
        try #require(admitted.status == 200, "\(admitted.text)")
    }

    private func token(_ key: PrivateKey, to audience: DID? = nil, _ ability: String) throws -> UnverifiedToken {
        try TokenMaker.ucan(
            issuer: key, audience: audience ?? self.audience,
            capabilities: [TokenCapability(resource: space, ability: "atproto.space/" + ability)], proofs: [],
            expires: Timestamp(seconds: scene.accounts.now + 60), nonce: TokenID.random(), issuerDID: nil)
    }

    /// The member as it calls: by an invocation, which is used once.
    private func calling() throws -> SpaceScene.Person {
        SpaceScene.Person(did: member.did.text, token: try token(member, "read").authorization())
    }

    private func delegation(by person: SpaceScene.Person) throws -> JSON {
        let answer = try scene.get(Self.graph + "listEdges", [("space", space), ("kind", "ucan")], by: person)
        let found = try #require(answer.json["delegations"]?.array, "\(answer.text)")
        try #require(found.count == 1, "\(answer.text)")
        return found[0]
    }

    private func mayCreate() throws -> JSON {
        let query = [("space", space), ("did", agent.did.text), ("ability", "create")]
        return try scene.get(Self.graph + "check", query, by: alice).json
    }

    private func revoke(_ edge: JSON, by person: SpaceScene.Person) throws -> RawResponse {
        try scene.post(Self.graph + "revoke", ["space": .string(space), "edge": edge["cid"] ?? .null], by: person)
    }

    @Test func theOwnerSeesByWhatAnAgentMayWriteAndEndsIt() throws {
        let told = try mayCreate()
        #expect(
            told["decision"] == "allow" && told["chain"]?.texts("kind") == ["ucan", "membership", "policy", "policy"])
        let edge = try delegation(by: alice)
        #expect(edge["delegator"]?.string == member.did.text && edge["delegate"]?.string == agent.did.text)
        let carol = try scene.person("carol")
        #expect(try revoke(edge, by: carol).outcome == "400 SpaceNotFound")
        #expect(try revoke(edge, by: alice).status == 200)
        let after = try mayCreate()
        #expect(after["decision"] == "deny" && after["reason"]?["code"] == "revoked")
        #expect(after["reason"]?["edge"] == edge["cid"])
    }

    @Test func whoHandedItOnTakesItBackByAnInvocation() throws {
        let edge = try delegation(by: calling())
        #expect(try revoke(edge, by: calling()).status == 200)
        #expect(try mayCreate()["decision"] == "deny")
        let query = [("space", space), ("kind", "membership")]
        let own = try scene.get(Self.graph + "listEdges", query, by: calling()).json["delegations"]?.array?.first
        #expect(try revoke(try #require(own), by: calling()).outcome == "400 NotSpaceOwner", "not the member's to end")
    }

    @Test func removingTheMemberEndsWhatItHandedOn() throws {
        let body: JSON = ["space": .string(space), "did": .string(member.did.text)]
        #expect(try scene.post(SpaceScene.simple + "removeMember", body, by: alice).status == 200)
        #expect(try mayCreate()["decision"] == "deny")
    }
}
