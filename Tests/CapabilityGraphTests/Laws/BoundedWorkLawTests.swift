import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// Law 10: every walk has a budget, and a graph that exceeds it gets a clear answer.
@Suite struct BoundedWorkLawTests {
    typealias First = FirstStepsTests

    static let holders = (0..<4).map { KeyName.did("Holder \($0)") }
    static let resource = First.space + "/kv/a"

    static func statement(_ id: String, _ issuer: String, _ audience: String, _ proofs: [String]) -> PlainStatement {
        PlainStatement(
            id: id, isCacao: proofs.isEmpty, issuer: issuer, audience: audience,
            capabilities: [PlainCapability(resource, "tinycloud.kv/get")], proofs: proofs)
    }

    /// A line of so many edges between two holders, root first; the outcome of each.
    static func line(_ length: Int, in rig: GraphRig) throws -> [String] {
        try (0..<length).map { depth in
            let issuer = depth == 0 ? First.owner : holders[(depth + 1) % 2]
            let proofs = depth == 0 ? [] : ["line \(depth - 1)"]
            return try rig.admit(statement("line \(depth)", issuer, holders[depth % 2], proofs), at: First.now)
        }
    }

    @Test func aLineMayHaveSixtyFourEdgesAboveIt() throws {
        let rig = try GraphRig()
        let outcomes = try Self.line(67, in: rig)
        #expect(outcomes[..<65].allSatisfy { $0 == "admitted" })
        #expect(outcomes[65] == "chainLimitExceeded")
        #expect(outcomes[66] == "missingProof")
        let snapshot = rig.graph.snapshot()
        let at = Timestamp(microseconds: First.now)
        let leaf = try #require(snapshot.edge(Plain.multihash("line 64")))
        #expect(snapshot.status(of: leaf, at: at) == .active)
        #expect(snapshot.chain(of: leaf)?.edges.map(\.raw) == (0...64).reversed())
        #expect(try First.check(rig, Self.holders[0], "tinycloud.kv/get", Self.resource).isAllowed)
        func invoke(_ id: String, by invoker: String) throws -> String {
            let question = InvocationQuestion(
                invoker: try DID(invoker), proofs: [Plain.multihash(id)],
                capabilities: [try PlainCapability(Self.resource, "tinycloud.kv/get").graphValue()])
            do throws(InvocationDenial) {
                return "allow \(try snapshot.checkInvocation(question, at: at).map(\.raw))"
            } catch {
                return error.text
            }
        }
        #expect(try invoke("line 63", by: Self.holders[1]) == "allow [63]")
        #expect(try invoke("line 64", by: Self.holders[0]) == "delegation-chain-traversal-limit-exceeded")
    }

    /// Levels of four edges, each citing all four of the level above.
    static func diamond(_ depth: Int, in rig: GraphRig) throws -> [String] {
        var outcomes: [String] = []
        for level in 0..<depth {
            for place in 0..<4 {
                // All of a level go to one holder, who then issues the next.
                let issuer = level == 0 ? First.owner : holders[(level + 1) % 2]
                let proofs = level == 0 ? [] : (0..<4).map { "diamond \(level - 1) \($0)" }
                outcomes.append(
                    try rig.offer(
                        statement("diamond \(level) \(place)", issuer, holders[level % 2], proofs), at: First.now))
            }
        }
        rig.writer.commit()
        return outcomes
    }

    /// What is said of the last level: the gate, the family's status, the length of the chain.
    static func look(_ level: Int, in rig: GraphRig) throws -> [String] {
        let at = Timestamp(microseconds: First.now)
        let snapshot = rig.graph.snapshot()
        let leaf = try #require(snapshot.edge(Plain.multihash("diamond \(level) 0")))
        let question = CheckQuestion(
            principal: try DID(holders[level % 2]), ability: try Ability("tinycloud.kv/get"),
            resource: try Resource(resource))
        #expect(snapshot.explain(question, at: at).decision == snapshot.check(question, at: at))
        return [
            snapshot.check(question, at: at).name, snapshot.status(of: leaf, at: at).name,
            "\(snapshot.chain(of: leaf)?.edges.count ?? 0) edges",
        ]
    }

    static func endRoots(in rig: GraphRig) throws {
        for place in 0..<4 {
            let revocation = PlainRevocation(id: "end \(place)", target: "diamond 0 \(place)", signer: First.owner)
            #expect(try rig.revoke(revocation, at: First.now) == "revoked")
        }
    }

    @Test func diamondsAreWalkedAsSetsNotAsPaths() throws {
        let rig = try GraphRig()
        let outcomes = try Self.diamond(18, in: rig)
        #expect(outcomes[..<68].allSatisfy { $0 == "admitted" })
        #expect(outcomes[68...].allSatisfy { $0 == "chainLimitExceeded" })
        let before = try Self.look(16, in: rig)
        #expect(before == ["allow", "active", "65 edges"])
        try Self.endRoots(in: rig)
        let after = try Self.look(16, in: rig)
        #expect(after == ["deny", "revoked", "65 edges"])
    }

    /// Four to the sixty-fourth paths over 256 edges; with everything dead the budget of a check runs out, and says so.
    @Test func deepDiamondsEndTooWhereTheyAreLetIn() throws {
        var limits = GraphRig.smallLimits
        limits.maxClosureNodes = 256
        let rig = try GraphRig(limits: limits)
        #expect(try Self.diamond(64, in: rig).allSatisfy { $0 == "admitted" })
        let before = try Self.look(63, in: rig)
        #expect(before == ["allow", "active", "253 edges"])
        try Self.endRoots(in: rig)
        let after = try Self.look(63, in: rig)
        #expect(after == ["undetermined", "revoked", "253 edges"])
    }

    @Test func closuresAreBoundedAsTheReferenceSays() throws {
        var exceeded = 0
        try Property.hold("closure limit", cases: 150) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 5
            random.revoking = 0
            var limits = GraphRig.smallLimits
            limits.maxClosureNodes = random.int(1, 4)
            limits.maxProofs = random.int(1, 3)
            limits.maxCapabilities = random.int(2, 3)
            var reference = ReferenceEvaluator()
            reference.maxClosureNodes = limits.maxClosureNodes
            reference.maxProofs = limits.maxProofs
            reference.maxCapabilities = limits.maxCapabilities
            let rig = try GraphRig(limits: limits)
            for step in random.world(30) {
                let expected = reference.play(step)
                let outcome = try rig.play(step)
                rig.writer.commit()
                if outcome.hasSuffix("Exceeded") { exceeded += 1 }
                guard outcome == expected else { return "\(outcome) for \(step), expected \(expected)" }
            }
            return try Comparison(snapshot: rig.graph.snapshot(), reference: reference, at: random.now).all(
                &random, checks: 10)
        }
        #expect(exceeded > 0)
    }

    @Test func manyGrantsOnOneResourceExhaustTheCheckClearly() throws {
        var limits = GraphRig.smallLimits
        limits.maxCheckNodes = 20
        let rig = try GraphRig(limits: limits)
        func grant(_ number: Int, _ ability: String, expires: Int64?) throws {
            var statement = Self.statement("grant \(number)", First.owner, Self.holders[0], [])
            statement.capabilities[0].ability = ability
            statement.expires = expires
            #expect(try rig.admit(statement, at: First.now) == "admitted")
        }
        try grant(0, "tinycloud.kv/get", expires: nil)
        #expect(try First.check(rig, Self.holders[0], "tinycloud.kv/get", Self.resource).name == "allow")
        // Others in front of it are passed by, up to a point.
        for number in 1...300 { try grant(number, "tinycloud.kv/put", expires: nil) }
        #expect(try First.check(rig, Self.holders[0], "tinycloud.kv/get", Self.resource).name == "allow")
        #expect(try First.check(rig, Self.holders[0], "tinycloud.kv/list", Self.resource).name == "deny")
        for number in 301...330 { try grant(number, "tinycloud.kv/put", expires: nil) }
        #expect(try First.check(rig, Self.holders[0], "tinycloud.kv/get", Self.resource).name == "undetermined")
        // Dead ones of the asked ability cost a visit each.
        for number in 331...360 { try grant(number, "tinycloud.kv/del", expires: First.now + 1) }
        let later = First.now + 1
        #expect(
            try First.check(rig, Self.holders[0], "tinycloud.kv/del", Self.resource, at: later).name == "undetermined")
        let empty = Self.resource + "/" + String(repeating: "/", count: 4000)
        #expect(try First.check(rig, Self.holders[1], "tinycloud.kv/get", empty).name == "deny")
    }

    @Test func wideStatementsAreRefusedClearly() throws {
        var limits = GraphRig.smallLimits
        limits.maxComparisons = 100
        let rig = try GraphRig(limits: limits)
        func wide(_ id: String, _ issuer: String, _ audience: String, _ count: Int, _ proofs: [String])
            -> PlainStatement
        {
            var statement = Self.statement(id, issuer, audience, proofs)
            statement.capabilities = (0..<count).map { PlainCapability(Self.resource + "/\($0)", "tinycloud.kv/get") }
            return statement
        }
        let holders = Self.holders
        #expect(try rig.admit(wide("root", First.owner, holders[0], 20, []), at: First.now) == "admitted")
        #expect(try rig.admit(wide("few", holders[0], holders[1], 4, ["root"]), at: First.now) == "admitted")
        #expect(try rig.admit(wide("many", holders[0], holders[1], 6, ["root"]), at: First.now) == "limitExceeded")
        #expect(try rig.admit(wide("huge", First.owner, holders[1], 1025, []), at: First.now) == "limitExceeded")
        // A long name is written once in a token, and once for each ability in an answer.
        func named(_ count: Int) -> PlainStatement {
            var statement = Self.statement("named \(count)", First.owner, holders[1], [])
            let place = Self.resource + "/" + String(repeating: "n", count: 4096)
            statement.capabilities = (0..<count).map { PlainCapability(place, "tinycloud.kv/a\($0)") }
            return statement
        }
        #expect(try rig.admit(named(60), at: First.now) == "admitted")
        #expect(try rig.admit(named(65), at: First.now) == "limitExceeded")
        var citing = Self.statement("citing", holders[0], holders[1], (0..<17).map { "root \($0)" })
        #expect(try rig.admit(citing, at: First.now) == "limitExceeded")
        citing.proofs.removeLast()
        #expect(try rig.admit(citing, at: First.now) == "missingProof")
    }
}
