import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// Permissioned spaces as edges: members, policies, spaces in spaces, credentials.
@Suite struct SpaceEdgeTests {
    private let rig: GraphRig
    private let now = Timestamp(seconds: 1_700_000_000)
    private let alice: DID
    private let bob: DID
    private let carol: DID

    init() throws {
        rig = try GraphRig()
        alice = try DID("did:web:alice.example")
        bob = try DID("did:plc:bob")
        carol = try DID(KeyName.did("Carol"))
    }

    /// A space that is here, whose policies let its list give reading and writing.
    private func space(_ name: String, of owner: DID? = nil) throws -> Space {
        let space = try Space("at://\(owner ?? alice)/space/com.example.forum/\(name)")
        guard made.withLock({ $0.insert(space).inserted }) else { return space }
        try admit(.ownership, space.owner, space.owner, [(space, .spaceManage)])
        try admit(.policy, space.owner, DID(space: space), [(space, .spaceListRead)])
        try admit(.policy, space.owner, DID(space: space), [(space, .spaceListWrite)])
        return space
    }

    private let made = Locked<Set<Space>>([])

    @discardableResult
    private func admit(
        _ kind: EdgeKind, _ issuer: DID, _ audience: DID, _ grants: [(Space, Ability)],
        proofs: [Snapshot.EdgeID] = [], expires: Int64? = nil
    ) throws -> Snapshot.EdgeID {
        let statement = HostStatement(
            kind: kind, issuer: issuer, audience: audience,
            capabilities: grants.map { Capability(resource: .atproto(space: $0.0, path: nil), ability: $0.1) },
            expires: expires.map { Timestamp(seconds: now.microseconds / 1_000_000 + $0) }, proofs: proofs)
        switch try rig.writer.admit(statement, at: now) {
        case .admitted(let admitted, _, _):
            rig.writer.commit()
            return admitted.edge
        case .refused(let refusal): throw refusal
        }
    }

    private func end(_ edge: Snapshot.EdgeID) throws {
        _ = try rig.writer.end(edge, EdgeEnd(by: alice, reason: "removed"), at: now)
        rig.writer.commit()
    }

    /// True for what rests on nobody's word: the authority's space, the author's repo.
    private func isOwn(_ decision: Decision) -> Bool {
        guard case .allow(let allowance) = decision else { return false }
        return allowance.route.isEmpty
    }

    private func allows(_ principal: DID, _ ability: Ability, _ text: String) throws -> Bool {
        let question = CheckQuestion(principal: principal, ability: ability, resource: try Resource(text))
        let snapshot = rig.graph.snapshot()
        let explained = snapshot.explain(question, at: now)
        let decision = snapshot.check(question, at: now)
        #expect(explained.decision == decision)
        #expect(!decision.isAllowed || explained.candidates.contains { $0.isLive } || isOwn(decision))
        return decision.isAllowed
    }

    @Test func aMemberMayWhatItsEdgeSaysOnTheWholeSpaceAndNothingElse() throws {
        let forum = try space("forum")
        try admit(.membership, alice, bob, [(forum, .spaceRead)])
        let record = "\(forum)/\(bob)/com.example.post/3k2"
        #expect(try allows(bob, .spaceRead, forum.text))
        #expect(try allows(bob, .spaceRead, record))
        #expect(try allows(bob, .spaceReadSelf, record))
        #expect(try !allows(bob, .spaceCreate, record))
        #expect(try !allows(bob, .spaceRead, space("other").text))
        #expect(try !allows(carol, .spaceRead, record))
        #expect(try allows(alice, .spaceManage, forum.text))
    }

    /// One edge says for all members that the list may give reading; what the list says stays when it ends.
    @Test func thePolicyOfASideHoldsForEveryMembership() throws {
        let forum = try space("forum")
        try end(try #require(rig.graph.snapshot().received(by: DID(space: forum), of: .policy).last))
        try admit(.membership, alice, bob, [(forum, .spaceRead), (forum, .spaceBelong)])
        let member = DID(space: try space("team", of: carol))
        try admit(.membership, alice, member, [(forum, .spaceRead), (forum, .spaceBelong)])
        #expect(try !allows(bob, .spaceRead, forum.text) && allows(bob, .spaceBelong, forum.text))
        #expect(try !allows(carol, .spaceRead, forum.text) && allows(carol, .spaceBelong, forum.text))
        #expect(
            rig.graph.snapshot().memberships(of: bob, in: forum, at: now).map(\.abilities) == [
                [.spaceRead, .spaceBelong]
            ])
        try admit(.policy, alice, DID(space: forum), [(forum, .spaceListRead)])
        #expect(try allows(bob, .spaceRead, forum.text) && allows(carol, .spaceRead, forum.text))
        let past = rig.graph.snapshot(at: rig.graph.revision - 1)
        let question = CheckQuestion(
            principal: bob, ability: .spaceRead, resource: .atproto(space: forum, path: nil))
        #expect(!past.check(question, at: now).isAllowed, "as of before it was said again")
    }

    @Test func whatIsGrantedToAnyoneIsGrantedToStrangers() throws {
        let forum = try space("forum")
        let policy = try admit(.policy, alice, .anyone, [(forum, .spaceRead)])
        #expect(try allows(carol, .spaceRead, forum.text + "/did:web:x.example"))
        #expect(try allows(bob, .spaceRead, forum.text))
        #expect(try !allows(bob, .spaceWrite, forum.text))
        try end(policy)
        #expect(try !allows(carol, .spaceRead, forum.text))
    }

    @Test func membersOfAMemberSpaceAreCappedByItsRow() throws {
        let forum = try space("forum")
        let team = try space("team", of: carol)
        let row = try admit(.membership, alice, DID(space: team), [(forum, .spaceRead)])
        let membership = try admit(.membership, carol, bob, [(team, .spaceRead), (team, .spaceWrite)])
        #expect(try allows(bob, .spaceRead, forum.text))
        #expect(try !allows(bob, .spaceCreate, forum.text))
        #expect(try allows(bob, .spaceCreate, team.text))
        #expect(try allows(carol, .spaceRead, forum.text))
        try end(membership)
        #expect(try !allows(bob, .spaceRead, forum.text))
        try admit(.membership, carol, bob, [(team, .spaceRead)])
        #expect(try allows(bob, .spaceRead, forum.text))
        try end(row)
        #expect(try !allows(bob, .spaceRead, forum.text))
        #expect(try !allows(carol, .spaceRead, forum.text))
    }

    @Test func spacesInSpacesEndAtDepthTenAndAtCycles() throws {
        let chain = try (0...11).map { try space("s\($0)") }
        for (outer, inner) in zip(chain, chain.dropFirst()) {
            try admit(.membership, alice, DID(space: inner), [(outer, .spaceRead)])
        }
        try admit(.membership, alice, DID(space: chain[0]), [(chain[11], .spaceRead)])
        try admit(.membership, alice, bob, [(chain[9], .spaceRead)])
        try admit(.membership, alice, carol, [(chain[10], .spaceRead)])
        #expect(try allows(bob, .spaceRead, chain[0].text))
        #expect(try !allows(carol, .spaceRead, chain[0].text))
        #expect(try allows(carol, .spaceRead, chain[1].text))
        #expect(try !allows(try DID("did:web:nobody.example"), .spaceRead, chain[3].text))
    }

    @Test func aCredentialDiesWithAnyOfWhatItRestsOn() throws {
        let forum = try space("forum")
        let key = try DID(thumbprint: String(repeating: "k", count: 43))
        func mint(_ member: Snapshot.EdgeID, _ access: Snapshot.EdgeID) throws -> Snapshot.EdgeID {
            try admit(
                .spaceCredential, alice, key, [(forum, .spaceRead), (forum, .spaceConnect)], proofs: [member, access],
                expires: 600)
        }
        let member = try admit(.membership, alice, bob, [(forum, .spaceRead)])
        let access = try admit(.appAccess, alice, .anyone, [(forum, .spaceConnect)])
        let first = try mint(member, access)
        #expect(rig.graph.snapshot().isInForce(first, at: now))
        #expect(!rig.graph.snapshot().isInForce(first, at: Timestamp(seconds: 1_700_000_600)))
        #expect(try allows(key, .spaceRead, forum.text))
        try end(access)
        #expect(!rig.graph.snapshot().isInForce(first, at: now))
        let second = try mint(member, try admit(.appAccess, alice, .anyone, [(forum, .spaceConnect)]))
        #expect(rig.graph.snapshot().isInForce(second, at: now))
        try end(member)
        #expect(!rig.graph.snapshot().isInForce(second, at: now))
        #expect(try !allows(key, .spaceRead, forum.text))
        #expect(throws: Refusal.self) { try mint(member, access) }
    }

    @Test func aStatementNeedsControlOrALiveProofThatCoversIt() throws {
        let forum = try space("forum")
        #expect(throws: Refusal.self) { try admit(.membership, bob, carol, [(forum, .spaceRead)]) }
        let member = try admit(.membership, alice, bob, [(forum, .spaceRead)], expires: 60)
        #expect(throws: Refusal.self) {
            try admit(.spaceCredential, alice, carol, [(forum, .spaceWrite)], proofs: [member], expires: 60)
        }
        #expect(throws: Refusal.self) {
            try admit(.spaceCredential, alice, carol, [(forum, .spaceRead)], proofs: [member], expires: 61)
        }
        try admit(.spaceCredential, alice, carol, [(forum, .spaceRead)], proofs: [member], expires: 60)
    }

    @Test func aMemberHandsOnWithoutNamingItsMembership() throws {
        let forum = try space("forum")
        let membership = try admit(.membership, alice, bob, [(forum, .spaceRead)])
        let digest = SHA256.hash(Array("ucan".utf8))
        let statement = EdgeStatement(
            id: Multihash(code: .blake3_256, digest: digest), statementID: digest, kind: .ucan, issuer: bob,
            audience: carol,
            capabilities: [Capability(resource: .atproto(space: forum, path: nil), ability: .spaceRead)])
        guard case .admitted = try rig.writer.admit(statement, at: now) else {
            Issue.record("refused")
            return
        }
        rig.writer.commit()
        #expect(try allows(carol, .spaceRead, forum.text))
        let question = InvocationQuestion(
            invoker: carol, proofs: [],
            capabilities: [Capability(resource: .atproto(space: forum, path: nil), ability: .spaceRead)])
        #expect(try rig.graph.snapshot().checkInvocation(question, at: now).count == 1)
        try end(membership)
        #expect(try !allows(carol, .spaceRead, forum.text))
        #expect(throws: InvocationDenial.self) { try rig.graph.snapshot().checkInvocation(question, at: now) }
    }

    @Test(arguments: [
        "at://did:web:a.example/space/com.example.forum", "at://did:web:a.example/space/com.example.forum/x/",
        "at://did:web:a.example/spaces/com.example.forum/x", "at://handle.example/space/com.example.forum/x",
        "at://did:web:a.example/com.example.forum/x", "AT://did:web:a.example", "at:did:web:a.example",
        "at://did:web:a.example/space/com.example.forum/x/did:web:b.example/post/y",
        "at://did:web:a.example/space/com.example.forum/x?y", "at://did:web:a.example/space/com.example.forum/x#y",
    ])
    func whatIsNoPlaceInASpaceIsRefusedAndNeverOpaque(_ text: String) {
        #expect(throws: GraphError.self) { try Resource(text) }
    }

    @Test(arguments: [
        "at://did:web:a.example", "at://did:web:a.example/space/com.example.forum/x",
        "at://did:web:a.example/space/com.example.forum/x/did:plc:b",
        "at://did:web:a.example/space/com.example.forum/x/did:plc:b/com.example.post",
        "at://did:web:a.example/space/com.example.forum/x/did:plc:b/com.example.post/self",
    ])
    func resourcesKeepTheirText(_ text: String) throws {
        #expect(try Resource(text).text == text)
    }

    @Test(arguments: [
        "did:web:a.example", "urn:capabilitygraph:anyone", "did:web:a.example#forum", "https://app.example/client.json",
        "at://did:web:a.example/space/com.example.forum/x", "urn:capabilitygraph:session:abc",
        "urn:ietf:params:oauth:jwk-thumbprint:sha-256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    ])
    func principalsKeepTheirText(_ text: String) throws {
        #expect(try DID(principal: text).text == text)
    }
}
