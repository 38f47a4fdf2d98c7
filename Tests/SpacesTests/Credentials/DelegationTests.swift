import ATProto
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// Who gets a delegation token, what its edge rests on, and what ends it (4.1, 13.8, reading 5).
@Suite struct DelegationTests {
    private let rig: CredentialRig
    private let forum: SpaceURI

    init() throws {
        rig = try CredentialRig()
        forum = try rig.spaces.create("forum")
    }

    private func names(_ name: String, on space: SpaceURI) -> String? { rig.name { try rig.delegate(name, on: space) } }

    @Test func aMembersTokenIsAnEdgeOnMembershipAndSession() throws {
        try rig.spaces.add("bob", to: forum, .reader)
        let minted = try rig.delegate("bob", on: forum)
        let token = try DelegationToken.verify(minted.text, keys: rig.keys.source, at: rig.start)
        let bob = try rig.spaces.did("bob")
        #expect(token.issuer == bob.text && token.space == forum && token.expiresAt == token.issuedAt + 60)
        #expect(minted.expiresAt == Timestamp(seconds: token.expiresAt))
        let edge = try #require(try rig.view(minted.text))
        #expect(edge.kind == .delegationToken && edge.issuer == bob.text)
        #expect(edge.audience == forum.authority + "#atproto_space_host")
        #expect(Set(edge.proofs.map { rig.graph.view($0).kind }) == [.session, .membership, .policy])
        #expect(
            Set(edge.capabilities.map(\.ability)) == [.spaceRead, .spaceListRead, .accountDelegate]
                && edge.capabilities.contains { $0.resource.text == forum.text })
    }

    @Test func outsidersOfAMemberListLearnNothing() throws {
        #expect(names("carol", on: forum) == "SpaceNotFound")
        #expect(names("carol", on: try rig.spaces.uri("absent")) == "SpaceNotFound")
        try rig.spaces.add("carol", to: forum, .readSelf)
        #expect(names("carol", on: forum) == "Forbidden")
        try rig.spaces.add("carol", to: forum, .write)
        #expect(names("carol", on: forum) == "Forbidden")
    }

    @Test func publicAndManagedSpacesGiveOneToAnybody() throws {
        try rig.spaces.update(forum, #"{"readPolicy":"public"}"#)
        #expect(names("carol", on: forum) == nil)
        try rig.spaces.update(forum, #"{"policy":"managing-app","managingApp":"did:web:app.example#forum"}"#)
        let minted = try rig.delegate("carol", on: forum)
        #expect(rig.spaces.apps.asked.isEmpty, "the application is asked when it counts: at the exchange")
        let edge = try #require(try rig.view(minted.text))
        #expect(Set(edge.proofs.map { rig.graph.view($0).kind }) == [.session, .policy])
    }

    @Test func forASpaceHeldElsewhereItRestsOnTheSessionAlone() throws {
        let foreign = try SpaceURI("at://did:web:other.example/space/com.example.forum/main")
        let minted = try rig.delegate("carol", on: foreign)
        let edge = try #require(try rig.view(minted.text))
        #expect(edge.audience == "did:web:other.example#atproto_space_host")
        #expect(edge.capabilities.map(\.ability) == [.accountDelegate])
        #expect(edge.proofs.map { rig.graph.view($0).kind } == [.session])
    }

    @Test func sessionsAloneAskAndOnlyWithTheScope() throws {
        try rig.spaces.add("bob", to: forum, .reader)
        func refusal(_ caller: Caller) throws -> String? {
            try rig.spaces.refusal(.mintDelegation, caller, on: forum)
        }
        let bob = try rig.spaces.did("bob")
        #expect(try refusal(.anonymous) == "AuthMissing")
        #expect(try refusal(.service(issuer: bob, audience: "", method: "")) == "Forbidden")
        #expect(try refusal(try rig.spaces.session("bob", .appPassword)) == "InsufficientScope")
        let narrow = SpaceScopes(parsing: "space:com.example.forum?authority=\(forum.authority)&action=create").scopes
        #expect(
            try refusal(try rig.spaces.session("bob", .oauth(scopes: narrow, clientID: "x"))) == "InsufficientScope")
        let wide = SpaceScopes(parsing: "space:com.example.forum?authority=\(forum.authority)&action=read").scopes
        #expect(try refusal(try rig.spaces.session("bob", .oauth(scopes: wide, clientID: "x"))) == nil)
    }

    @Test(arguments: ["removed", "signed out", "deleted", "settings"])
    func aTokenDiesWithWhatItRestsOn(_ event: String) throws {
        try rig.spaces.add("bob", to: forum, .reader)
        let minted = try rig.delegate("bob", on: forum)
        let edge = try #require(rig.graph.edge(rig.id(minted.text)))
        #expect(rig.graph.isInForce(edge, at: rig.start))
        switch event {
        case "removed": try rig.spaces.remove("bob", from: forum)
        case "signed out": try rig.endSession("bob")
        case "deleted": try rig.spaces.delete(forum)
        default:
            try rig.spaces.update(
                forum,
                #"{"readPolicy":{"$type":"com.atproto.simplespace.defs#managingAppPolicy","managingApp":"did:web:app.example#forum"}}"#
            )
        }
        #expect(!rig.graph.isInForce(edge, at: rig.start))
        let binding = try CredentialRig.App().binding
        rig.spaces.apps.admit(try rig.spaces.did("bob"))
        let outcome = rig.name { try rig.exchange(minted.text, on: forum, binding: binding) }
        #expect(
            outcome
                == ["removed": "SpaceNotFound", "deleted": "SpaceDeleted"][event] ?? "InvalidDelegationToken")
    }

    @Test func anEndedTokenGivesNoCredential() throws {
        let minted = try rig.delegate("alice", on: forum)
        let edge = try #require(rig.graph.edge(rig.id(minted.text)))
        let alice = try rig.spaces.did("alice")
        try rig.spaces.store.transact(at: rig.start) { try $0.end(edge, by: alice, reason: "revoked") }
        let binding = try CredentialRig.App().binding
        #expect(rig.name { try rig.exchange(minted.text, on: forum, binding: binding) } == "InvalidDelegationToken")
    }
}
