import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// What stops an allowance in a permissioned space, by whichever ways it comes.
@Suite struct SpaceStoppingLawTests {
    @Test func whatStopsAnAllowanceStopsIt() throws {
        var (stopped, repeated, served) = (0, 0, 0)
        try Property.hold("to stop it in spaces", cases: 160) { generator in
            var random = RandomAuthority(generator)
            let stage = try SpaceStage(&random)
            for _ in 0..<10 {
                let question = CheckQuestion(
                    principal: try DID(random.pick(SpaceStage.people)),
                    ability: random.pick([
                        Ability.spaceReadSelf, .spaceRead, .spaceWrite, .spaceDescribe, .spaceBelong, .spaceKnow,
                    ]), resource: .atproto(space: random.pick(stage.spaces), path: nil))
                var world = try stage.copy()
                var rounds = 0
                while case .allow(let allowance) = world.snapshot.answer(question, at: world.now) {
                    guard let stopping = world.snapshot.stopping(question, at: world.now) else { return "not stopped" }
                    if stopping.isOwn { break }
                    guard stopping.ways.first == allowance.route else { return "another way decides" }
                    guard !stopping.ways.dropFirst().contains(allowance.route) else { return "a way stands twice" }
                    guard !stopping.edges.isEmpty, rounds < 12 else { return "nothing ends \(question)" }
                    rounds += 1
                    if stopping.servesOthers { served += 1 }
                    for edge in stopping.edges { try world.end(edge, by: question.resource.space!.owner) }
                    if stopping.isComplete, world.isAllowed(question) {
                        return "\(question) goes on without \(stopping.edges)"
                    }
                }
                if rounds > 0 { stopped += 1 }
                if rounds > 1 { repeated += 1 }
            }
            return nil
        }
        #expect(stopped > 50 && served > 5, "\(stopped), \(repeated), \(served)")
    }

    /// Each way is found though another one decides before it.
    @Test func everybodysWayDoesNotHideTheOthers() throws {
        var stage = try SpaceStage()
        let outer = try stage.put("s", of: "did:web:alice.example")
        let inner = try stage.put("t", of: "did:plc:carol")
        let dan = try DID("did:plc:dan")
        for space in [outer, inner] { try stage.admit(.policy, space, DID(space: space), [.spaceListRead]) }
        let open = try stage.admit(.policy, outer, .anyone, [.spaceReadSelf])
        try stage.admit(.membership, outer, DID(space: inner), [.spaceReadSelf])
        let member = try stage.admit(.membership, inner, dan, [.spaceReadSelf])
        let question = CheckQuestion(
            principal: dan, ability: .spaceReadSelf, resource: .atproto(space: outer, path: nil))
        let stopping = try #require(stage.snapshot.stopping(question, at: stage.now))
        #expect(stopping.edges == [open, member] && stopping.isComplete && stopping.servesOthers)
        #expect(stopping.ways.count == 2 && stopping.ways[1].first?.edge == member)
        // Who may not know of the space is told of its own edges alone.
        let told = try #require(
            stage.snapshot.stopping(question, at: stage.now, for: .party(dan, knowsUnit: false)))
        #expect(told.edges.isEmpty && told.moreWays == 0 && !told.servesOthers)
        for edge in stopping.edges { try stage.end(edge, by: outer.owner) }
        #expect(!stage.isAllowed(question))
    }

    @Test func whatMembersAsSuchMayDecidesBeforeWhatEverybodyMay() throws {
        var stage = try SpaceStage()
        let space = try stage.put("s", of: "did:web:alice.example")
        let dan = try DID("did:plc:dan")
        let members = try stage.admit(.policy, space, DID(space: space), [.spaceListMembers])
        let anyone = try stage.admit(.policy, space, .anyone, [.spaceDescribe])
        let own = try stage.admit(.membership, space, dan, [.spaceBelong])
        let question = CheckQuestion(
            principal: dan, ability: .spaceListMembers, resource: .atproto(space: space, path: nil))
        let stopping = try #require(stage.snapshot.stopping(question, at: stage.now))
        #expect(stopping.ways.map { $0.map(\.edge) } == [[own, members], [anyone]])
        #expect(Set(stopping.edges) == [own, anyone] && stopping.isComplete)
    }

    /// Another host's word does not end with any edge here.
    @Test func whatIsAttestedIsNotStoppedHere() throws {
        let stage = try SpaceStage()
        let space = try Space("at://did:web:elsewhere.example/space/com.example.forum/s")
        let holder = try DID("did:plc:dan")
        var context = CheckContext()
        context.isHeldElsewhere = true
        context.credential = ForeignCredential(
            space: space, holder: holder, expires: Timestamp(microseconds: stage.now.microseconds + 1_000_000))
        let question = CheckQuestion(
            principal: holder, ability: .spaceRead, resource: .atproto(space: space, path: nil), context: context)
        #expect(stage.isAllowed(question))
        let stopping = try #require(stage.snapshot.stopping(question, at: stage.now))
        #expect(!stopping.isComplete && !stopping.isOwn && stopping.edges.isEmpty)
    }

    /// Thousands of ways are looked at once each.
    @Test func manyWaysAreWorkedThroughOnce() throws {
        let rig = try GraphRig()
        let owner = RandomAuthority.owners[0]
        let resource = "\(RandomAuthority.spaces[0])/kv/a"
        for number in 0..<4_000 {
            let given = PlainStatement(
                id: "leaf \(number)", isCacao: true, issuer: owner, audience: KeyName.did("Agent1"),
                capabilities: [PlainCapability(resource, "tinycloud.kv/get")], expires: 1 << 50)
            guard try rig.offer(given, at: 1_000_000) == "admitted" else { throw Property.Difference("not admitted") }
        }
        rig.writer.commit()
        let question = CheckQuestion(
            principal: try Plain.did(KeyName.did("Agent1")), ability: try Plain.ability("tinycloud.kv/get"),
            resource: try Plain.resource(resource))
        var found: Stopping?
        let took = ContinuousClock().measure {
            found = rig.graph.snapshot().stopping(question, at: Timestamp(microseconds: 1_000_001))
        }
        let stopping = try #require(found)
        #expect(stopping.edges.count == 4_000 && stopping.isComplete && stopping.moreWays == 3_983)
        #expect(took < .seconds(3), "\(took)")
    }
}
