import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// Who is named to sign a delegation, by which edges, and how much is looked at to find out.
@Suite struct DelegationFixTests {
    private let rig: GraphRig
    private let at = Timestamp(microseconds: 2_000_000)
    private let owner = RandomAuthority.owners[0]
    private let space = RandomAuthority.spaces[0]
    private let session = KeyName.did("Session1")
    private let bob = KeyName.did("Agent1")
    private let carol = KeyName.did("Agent2")

    init() throws { rig = try GraphRig() }

    private func give(
        _ id: String, _ issuer: String, _ audience: String, _ path: String, proof: String? = nil,
        notBefore: Int64? = nil, expires: Int64 = 1 << 50, admittedAt: Int64 = 1_000_000
    ) throws {
        let statement = PlainStatement(
            id: id, isCacao: proof == nil, issuer: issuer, audience: audience,
            capabilities: [PlainCapability("\(space)/\(path)", "tinycloud.kv/get")], notBefore: notBefore,
            expires: expires, proofs: proof.map { [$0] } ?? [])
        let answer = try rig.admit(statement, at: admittedAt)
        guard answer == "admitted" else { throw Property.Difference("\(id) is not admitted: \(answer)") }
    }

    private func question(_ principal: String, _ path: String) throws -> CheckQuestion {
        CheckQuestion(
            principal: try Plain.did(principal), ability: try Plain.ability("tinycloud.kv/get"),
            resource: try Plain.resource("\(space)/\(path)"))
    }

    /// Who is asked about an instant before what it holds began has only to wait, and needs nobody.
    @Test func whatTheAskerDoesAloneComesFirst() throws {
        try give("root", owner, session, "kv")
        try give("later", session, bob, "kv/notes", proof: "root", notBefore: 5_000_000, admittedAt: 6_000_000)
        let asked = try question(bob, "kv/notes/a")
        let snapshot = rig.graph.snapshot()
        for viewer in [QuestionViewer.reader, .party(try Plain.did(bob), knowsUnit: true)] {
            let misses = snapshot.misses(asked, at: at, for: viewer)
            let fixes = snapshot.fixes(asked, after: misses, at: at, for: viewer).fixes
            #expect(fixes.map(\.effort) == [0, 1])
            #expect(fixes.first?.steps == [.wait(until: Timestamp(microseconds: 5_000_000))])
            #expect(fixes.first?.by == nil)
        }
    }

    /// That Bob holds what Carol asks is his affair, and what it says too: he is counted.
    @Test func aFixShowsNoEdgeOfAnother() throws {
        try give("root", owner, session, "kv")
        try give("secret", session, bob, "kv/secret", proof: "root", expires: 1 << 40)
        try give("notes", session, bob, "kv/notes", proof: "root")
        try give("mine", bob, carol, "kv/notes/a", proof: "notes")
        let asked = try question(carol, "kv/secret/x")
        let snapshot = rig.graph.snapshot()
        func fix(_ viewer: QuestionViewer) throws -> Fix {
            let misses = snapshot.misses(asked, at: at, for: viewer)
            return try #require(snapshot.fixes(asked, after: misses, at: at, for: viewer).fixes.first)
        }
        let told = try fix(.party(try Plain.did(carol), knowsUnit: true))
        #expect(told.by?.text == session && told.alsoBy.map(\.text) == [owner] && told.moreSigners == 1)
        guard case .delegate(let step)? = told.steps.first else { throw Property.Difference("no delegation") }
        #expect(step.proofs == [try #require(snapshot.edge(Plain.multihash("root")))])
        #expect(step.expires.microseconds > 1 << 39)
        let readers = try fix(.reader)
        #expect(readers.by?.text == bob && readers.moreSigners == 0)
    }

    /// Ended grants, however many and new, do not take the place of who holds the right.
    @Test func whoHoldsTheRightIsFoundBehindManyThatDoNot() throws {
        try give("root", owner, session, "kv")
        try give("old", session, bob, "kv", proof: "root")
        for number in 0..<300 {
            try give("gone \(number)", session, carol, "kv", proof: "root")
            _ = try rig.revoke(
                PlainRevocation(id: "end \(number)", target: "gone \(number)", signer: session), at: 1_000_000)
        }
        let asked = try question(KeyName.did("Nobody"), "kv/x")
        let snapshot = rig.graph.snapshot()
        let misses = snapshot.misses(asked, at: at)
        let fixes = snapshot.fixes(asked, after: misses, at: at)
        let fix = try #require(fixes.fixes.first)
        #expect(fix.by?.text == owner && fix.alsoBy.map(\.text) == [bob, session] && fix.moreSigners == 0)
        #expect(fix.capped == nil && fixes.isComplete)
    }

    /// A key that gives itself thousands of capabilities under caveats that nobody can meet.
    @Test func allCapabilitiesTogetherAreLookedAtWithinOneBound() throws {
        try give("root", owner, session, "kv")
        let path = String(repeating: "a/", count: 256)
        for number in 0..<16 {
            let capabilities = (0..<256).map { place in
                PlainCapability(
                    "\(space)/kv/\(path.prefix(2 * place + 1))", "tinycloud.kv/get", [.note("never \(number)")])
            }
            let statement = PlainStatement(
                id: "caveats \(number)", issuer: session, audience: bob, capabilities: capabilities, expires: 1 << 50,
                proofs: ["root"])
            guard try rig.admit(statement, at: 1_000_000) == "admitted" else {
                throw Property.Difference("not admitted")
            }
        }
        let asked = try question(bob, "kv/\(path)x")
        let snapshot = rig.graph.snapshot()
        let misses = snapshot.misses(asked, at: at)
        var found: Fixes?
        let took = ContinuousClock().measure { found = snapshot.fixes(asked, after: misses, at: at) }
        let fixes = try #require(found)
        #expect(fixes.visited <= 2 * rig.graph.limits.maxCheckNodes && !fixes.isComplete)
        #expect(fixes.fixes.first?.by?.text == session || fixes.fixes.first?.by?.text == owner)
        #expect(took < .seconds(5), "\(took)")
    }

    /// Other people's edges change nothing that a party is told, but how many there are.
    @Test func worldsThatDifferInHiddenEdgesAreToldAlike() throws {
        var differing = 0
        try Property.hold("hidden edges", cases: 80) { generator in
            var world = try QuestionWorld(generator)
            let at = Timestamp(microseconds: world.random.now)
            let other = try world.copy()
            let probes = (0..<10).map { _ in world.probe() }
            let parties = Set(probes.map(\.principal))
            for _ in 0..<20 {
                let step = world.random.step()
                guard case .admit(let statement) = step.change, !parties.contains(statement.audience),
                    !parties.contains(statement.issuer)
                else { continue }
                if try other.admit(statement, at: at.microseconds) == "admitted" { differing += 1 }
            }
            for probe in probes {
                let question = try probe.question()
                guard !world.snapshot.check(question, at: at).isAllowed else { continue }
                let viewer = QuestionViewer.party(question.principal, knowsUnit: true)
                let told = [world.snapshot, other.graph.snapshot()].map { snapshot in
                    let misses = snapshot.misses(question, at: at, for: viewer)
                    let fixes = snapshot.fixes(question, after: misses, at: at, for: viewer)
                    return "\(misses.shown) \(fixes.unfixable.map(\.rawValue) ?? "")"
                        + fixes.fixes.map { "\($0.steps) \($0.by?.text ?? "") \($0.alsoBy)" }.joined()
                }
                guard told[0] == told[1] else { return "\(told[0])\nis told apart from\n\(told[1])" }
            }
            return nil
        }
        #expect(differing > 20)
    }
}
