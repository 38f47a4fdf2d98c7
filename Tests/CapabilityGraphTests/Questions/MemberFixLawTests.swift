import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// What mends a refusal in a permissioned space: each step is needed, all together do, whoever is told.
@Suite struct MemberFixLawTests {
    private static let abilities: [Ability] = [
        .spaceRead, .spaceReadSelf, .spaceWrite, .spaceCreate, .spaceUpdate, .spaceBelong, .spaceDescribe,
        .spaceManageUpdate,
    ]

    @Test func eachStepOfAFixIsNeededAndAllTogetherMend() throws {
        var kinds: Set<String> = []
        try Property.hold("fixes in spaces, step by step", cases: 160) { generator in
            var random = RandomAuthority(generator)
            let stage = try SpaceStage(&random)
            for _ in 0..<8 {
                let space = random.pick(stage.spaces)
                let principal = try DID(random.pick(SpaceStage.people))
                let context = random.percent(30) ? CheckContext(client: random.pick(SpaceStage.apps)) : nil
                let question = CheckQuestion(
                    principal: principal, ability: random.pick(Self.abilities),
                    resource: .atproto(space: space, path: nil), context: context)
                guard !stage.isAllowed(question) else { continue }
                let knows = stage.snapshot.mayKnow(principal, of: space, at: stage.now)
                for viewer in [QuestionViewer.reader] + (knows ? [.party(principal, knowsUnit: true)] : []) {
                    let misses = stage.snapshot.misses(question, at: stage.now, for: viewer)
                    let fixes = stage.snapshot.fixes(question, after: misses, at: stage.now, for: viewer)
                    for fix in fixes.fixes {
                        kinds.formUnion(fix.steps.map { "\($0.effort) \(fix.steps.count)" })
                        guard try stage.isAllowed(question, after: fix.steps) else {
                            // Which application may act there is told to readers alone.
                            if case .say(_, let values)? = fix.steps.last, values.isEmpty, !viewer.isReader { continue }
                            return "\(fix.steps) do not let \(principal) \(question.ability) on \(space)"
                        }
                        for place in fix.steps.indices {
                            var fewer = fix.steps
                            fewer.remove(at: place)
                            guard try !stage.isAllowed(question, after: fewer) else {
                                return "\(fix.steps[place]) is not needed to let \(principal) \(question.ability)"
                            }
                        }
                        guard viewer.isReader, fix.effort > 0 else { continue }
                        guard fix.by.map({ stage.isAllowed($0, .spaceManageUpdate, space) }) ?? false else {
                            return "\(String(describing: fix.by)) does not manage \(space)"
                        }
                    }
                }
            }
            return nil
        }
        for kind in ["0 1", "1 1", "2 1", "2 2"] { #expect(kinds.contains(kind), "no case drew \(kind): \(kinds)") }
    }

    /// A member that may read anyway is told that it has to say by which application, and no role is called too low.
    @Test func aConditionIsNamedForWhatItIs() throws {
        var stage = try SpaceStage()
        let space = try stage.put("s", of: "did:web:alice.example")
        try stage.admit(.policy, space, DID(space: space), [.spaceListRead])
        try stage.admit(.appAccess, space, try DID(application: SpaceStage.apps[0]), [.spaceConnect])
        let dan = try DID("did:plc:dan")
        try stage.admit(.membership, space, dan, [.spaceRead, .spaceBelong])
        var question = CheckQuestion(
            principal: dan, ability: .spaceRead, resource: .atproto(space: space, path: nil))
        let misses = stage.snapshot.misses(question, at: stage.now)
        #expect(misses.shown.map { $0.first?.code(in: stage.snapshot) } == ["missingContext"])
        let fixes = stage.snapshot.fixes(question, after: misses, at: stage.now).fixes
        #expect(fixes.map(\.steps) == [[.say(member: "client", values: [SpaceStage.apps[0]])]])
        question.context = CheckContext(client: SpaceStage.apps[1])
        let refused = stage.snapshot.misses(question, at: stage.now)
        #expect(refused.shown.first?.first?.code(in: stage.snapshot) == "appNotAllowed")
        let allowed = stage.snapshot.fixes(question, after: refused, at: stage.now).fixes.first
        #expect(
            allowed?.steps == [.allowApplication(space: space, application: try DID(application: SpaceStage.apps[1]))]
                && allowed?.by == space.owner)
        // Nothing is put up that takes records of this kind, and no member is added for it.
        question = CheckQuestion(principal: dan, ability: .spaceCreate, resource: .atproto(space: space, path: nil))
        try stage.admit(.policy, space, DID(space: space), [.spaceListWrite])
        try stage.admit(.membership, space, dan, [.spaceWrite, .spaceBelong])
        let none = stage.snapshot.misses(question, at: stage.now)
        #expect(stage.snapshot.fixes(question, after: none, at: stage.now).unfixable == .noSingleStep)
    }

    /// The policy that counts is that of the side the list would give, whatever part of it is asked.
    @Test func thePolicyOfWhatIsGivenIsSet() throws {
        var stage = try SpaceStage()
        let space = try stage.put("s", of: "did:web:alice.example")
        let dan = try DID("did:plc:dan")
        try stage.admit(.policy, space, .anyone, [.spaceTake])
        try stage.admit(.policy, space, .anyone, [.spaceKnow])
        let question = CheckQuestion(
            principal: dan, ability: .spaceCreate, resource: .atproto(space: space, path: nil))
        let misses = stage.snapshot.misses(question, at: stage.now)
        let fix = try #require(stage.snapshot.fixes(question, after: misses, at: stage.now).fixes.first)
        #expect(fix.effort == 2 && fix.steps.first == .setPolicy(space: space, ability: .spaceListWrite))
        // Who only knows the space is not sent to a list that gives nothing.
        let viewer = QuestionViewer.party(dan, knowsUnit: true)
        let told = stage.snapshot.misses(question, at: stage.now, for: viewer)
        #expect(stage.snapshot.fixes(question, after: told, at: stage.now, for: viewer).unfixable == .noSingleStep)
    }

    /// A service holds the authority of many spaces; who owns one is a person.
    @Test func theOwnerIsAskedBeforeTheAuthority() throws {
        var stage = try SpaceStage()
        let space = try stage.put("s", of: "did:web:service.example", owner: "did:plc:bob")
        try stage.admit(.policy, space, DID(space: space), [.spaceListRead])
        let question = CheckQuestion(
            principal: try DID("did:plc:dan"), ability: .spaceReadSelf, resource: .atproto(space: space, path: nil))
        let misses = stage.snapshot.misses(question, at: stage.now)
        let fix = try #require(stage.snapshot.fixes(question, after: misses, at: stage.now).fixes.first)
        #expect(fix.by?.text == "did:plc:bob" && fix.alsoBy == [space.owner])
    }

    /// A manager by a member space is counted, and not named out of it.
    @Test func managersByAnotherSpaceAreCounted() throws {
        var stage = try SpaceStage()
        let space = try stage.put("s", of: "did:web:alice.example")
        let inner = try stage.put("t", of: "did:plc:carol")
        try stage.admit(.membership, space, DID(space: inner), [.spaceManage, .spaceBelong])
        try stage.admit(.membership, inner, try DID("did:plc:erin"), [.spaceManage, .spaceBelong])
        let question = CheckQuestion(
            principal: try DID("did:plc:dan"), ability: .spaceBelong, resource: .atproto(space: space, path: nil))
        let misses = stage.snapshot.misses(question, at: stage.now)
        let fix = try #require(stage.snapshot.fixes(question, after: misses, at: stage.now).fixes.first)
        #expect(!fix.alsoBy.contains(try DID("did:plc:erin")) && fix.moreSigners >= 1)
    }

    // MARK: what is not shown

    /// Who ended what was for everybody, and when, is for readers of the space.
    @Test func whoEndedAPolicyIsForReaders() throws {
        var stage = try SpaceStage()
        let space = try stage.put("s", of: "did:web:alice.example")
        let (dan, manager) = (try DID("did:plc:dan"), try DID("did:plc:erin"))
        try stage.admit(.policy, space, .anyone, [.spaceKnow])
        let open = try stage.admit(.policy, space, .anyone, [.spaceRead])
        let list = try stage.admit(.policy, space, DID(space: space), [.spaceListRead])
        let own = try stage.admit(.membership, space, dan, [.spaceReadSelf])
        try stage.end(open, by: manager)
        try stage.end(list, by: manager)
        func misses(_ principal: DID, _ viewer: QuestionViewer) -> Misses {
            stage.snapshot.misses(
                CheckQuestion(
                    principal: principal, ability: .spaceReadSelf, resource: .atproto(space: space, path: nil)),
                at: stage.now, for: viewer)
        }
        let stranger = try DID("did:plc:mallory")
        let strangers = misses(stranger, .party(stranger, knowsUnit: true))
        #expect(strangers.shown.allSatisfy { $0.edge != open && $0.edge != list } && strangers.hidden == Hidden())
        let members = misses(dan, .party(dan, knowsUnit: true))
        let miss = try #require(members.shown.first)
        #expect(miss.edge == own && miss.defects.map { $0.code(in: stage.snapshot) } == ["policy"])
        #expect(miss.defects.allSatisfy { $0.edge == nil } && members.hidden.edges == 2 && miss.cost == 70)
        #expect(!"\(members.shown)".contains(manager.text))
        let question = CheckQuestion(
            principal: dan, ability: .spaceReadSelf, resource: .atproto(space: space, path: nil))
        let walk = stage.snapshot.explain(question, at: stage.now)
        #expect(walk.candidates.contains { $0.edge == open })
        let walked = stage.snapshot.told(walk, to: .party(dan, knowsUnit: true))
        #expect(walked.candidates.map(\.edge) == [own])
        let readers = misses(dan, .reader)
        #expect(readers.shown.contains { $0.edge == open } && "\(readers.shown)".contains(manager.text))
    }

    /// Who was taken off the list within the tick in which the space was deleted is not told of that.
    @Test func whoWasRemovedDoesNotLearnOfTheDeletion() throws {
        var stage = try SpaceStage()
        let space = try stage.put("s", of: "did:web:alice.example")
        let ownership = try #require(stage.edges.first)
        let (dan, erin) = (try DID("did:plc:dan"), try DID("did:plc:erin"))
        let list = try stage.admit(.policy, space, space.owner, [.spaceRead, .spaceBelong])
        try stage.admit(.policy, space, DID(space: space), [.spaceListRead])
        let gone = try stage.admit(.membership, space, dan, [.spaceReadSelf], proofs: [list])
        try stage.admit(.membership, space, erin, [.spaceReadSelf], proofs: [list])
        try stage.end(gone, by: space.owner)
        try stage.end(ownership, by: space.owner)
        try stage.end(list, by: space.owner)
        func codes(_ principal: DID) -> [String] {
            let question = CheckQuestion(
                principal: principal, ability: .spaceReadSelf, resource: .atproto(space: space, path: nil))
            let misses = stage.snapshot.misses(
                question, at: stage.now, for: .party(principal, knowsUnit: false))
            return misses.shown.flatMap { $0.defects.map { $0.code(in: stage.snapshot) } }
        }
        #expect(codes(dan) == ["memberRemoved"])
        #expect(codes(erin) == ["spaceDeleted"])
    }
}
