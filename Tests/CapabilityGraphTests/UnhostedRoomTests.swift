import CapTesting
import CapabilityGraph
import Synchronization
import Testing
import UCAN

/// What is kept for spaces that are not hosted here is bounded for who controls them, for all, and for who sends it.
@Suite struct UnhostedRoomTests {
    private static let now: Int64 = 1_783_684_800_000_000
    private static let spaces = RandomAuthority.spaces
    private static let audience = RandomAuthority.agents[0]

    private static func owner(_ space: String) -> String {
        (try? Plain.resource(space + "/kv"))?.rootAuthority?.text ?? ""
    }

    private static func statement(_ id: String, _ space: String, path: String = "kv") -> PlainStatement {
        PlainStatement(
            id: id, issuer: owner(space), audience: audience,
            capabilities: [PlainCapability("\(space)/\(path)", "tinycloud.kv/get")])
    }

    private static func rig(_ change: (inout UnhostedLimits) -> Void) throws -> GraphRig {
        var limits = GraphRig.smallLimits
        change(&limits.unhosted)
        return try GraphRig(limits: limits)
    }

    private static func fill(_ rig: GraphRig, _ space: String, _ range: Range<Int>) throws -> [String] {
        try range.map { try rig.admit(statement("\(space) \($0)", space), at: now) }
    }

    @Test func anOwnerMayHaveSoManyDelegationsKeptAndNoOtherOwnerLosesByIt() throws {
        let rig = try Self.rig { $0.edgesOfOne = 3 }
        let other = try #require(Self.spaces.first { Self.owner($0) != Self.owner(Self.spaces[0]) })
        #expect(try Self.fill(rig, Self.spaces[0], 0..<4) == ["admitted", "admitted", "admitted", "unhostedQuota"])
        #expect(try Self.fill(rig, other, 0..<1) == ["admitted"])
        // What is known already is no more, and is answered as before.
        #expect(try Self.fill(rig, Self.spaces[0], 0..<1) == ["existing"])
    }

    @Test func whatIsHostedIsNotCountedAndGivesItsRoomBack() throws {
        let rig = try Self.rig { $0.edgesOfOne = 2 }
        #expect(try Self.fill(rig, Self.spaces[0], 0..<3).last == "unhostedQuota")
        #expect(rig.graph.unhosted.edges == 2 && rig.graph.unhosted.bytes > 0)
        #expect(try rig.host(Self.spaces[0], at: Self.now))
        rig.writer.commit()
        #expect(rig.graph.unhosted == (0, 0))
        #expect(try Self.fill(rig, Self.spaces[0], 3..<8) == Array(repeating: "admitted", count: 5))
        #expect(rig.graph.unhosted == (0, 0))
    }

    /// Whose space is hosted may give as much as it likes, also of what it controls outside spaces, and in other spaces.
    @Test func whoHasASpaceHostedIsNotCounted() throws {
        let rig = try Self.rig { $0.edgesOfOne = 1 }
        let owner = Self.owner(Self.spaces[0])
        let outside = PlainCapability("urn:tinycloud:encryption:\(owner):default", "tinycloud.encryption/decrypt")
        func signIn(_ number: Int) throws -> String {
            var statement = Self.statement("sign-in \(number)", Self.spaces[0])
            statement.capabilities.append(outside)
            return try rig.admit(statement, at: Self.now)
        }
        #expect(try signIn(0) == "admitted" && rig.graph.unhosted.edges == 1, "an edge counts once for an owner")
        #expect(try signIn(1) == "unhostedQuota")
        #expect(try rig.host(Self.spaces[0], at: Self.now))
        rig.writer.commit()
        #expect(rig.graph.unhosted == (0, 0))
        #expect(try (2..<6).map(signIn) == Array(repeating: "admitted", count: 4))
        #expect(rig.graph.unhosted == (0, 0))
    }

    /// However many spaces one statement names, it takes room once.
    @Test func aStatementOfManySpacesCountsOnce() throws {
        let rig = try GraphRig()
        var statement = Self.statement("many", Self.spaces[0])
        statement.capabilities = (0..<50).map {
            PlainCapability("\(Self.spaces[0])\($0)/kv", "tinycloud.kv/get")
        }
        #expect(try rig.admit(statement, at: Self.now) == "admitted")
        #expect(rig.graph.unhosted.edges == 1 && rig.graph.unhosted.bytes < 50 * 200)
    }

    @Test func newNamesCountByTheirBytes() throws {
        let rig = try Self.rig { $0.bytesOfOne = 4000 }
        let long = "kv/" + String(repeating: "n", count: 1500)
        let outcomes = try (0..<5).map {
            try rig.admit(Self.statement("long \($0)", Self.spaces[0], path: "\(long)\($0)"), at: Self.now)
        }
        #expect(outcomes == ["admitted", "admitted", "admitted", "unhostedQuota", "unhostedQuota"])
    }

    @Test func allTogetherAreBoundedToo() throws {
        let rig = try Self.rig { $0.edges = 2 }
        let other = try #require(Self.spaces.first { Self.owner($0) != Self.owner(Self.spaces[0]) })
        #expect(try Self.fill(rig, Self.spaces[0], 0..<2) == ["admitted", "admitted"])
        #expect(try Self.fill(rig, other, 0..<1) == ["unhostedQuota"])
    }

    /// A replay counts the same, and a batch that is taken back counts nothing.
    @Test func theCountIsOfTheLogAlone() throws {
        try Property.hold("unhosted room", cases: 100) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 10
            let rig = try GraphRig()
            for _ in 0..<4 {
                let (before, count) = (rig.graph.unhosted, rig.records.count)
                rig.writer.begin()
                for step in random.world(20) { _ = try rig.play(step) }
                if random.percent(30) { _ = try rig.host(random.pick(Self.spaces), at: random.now) }
                guard random.percent(50) else {
                    rig.writer.commit()
                    continue
                }
                try rig.rollback(to: count)
                guard rig.graph.unhosted == before else { return "a batch that was taken back counts" }
            }
            let replayed = try GraphRig.replaying(rig.records).graph.unhosted
            return replayed == rig.graph.unhosted ? nil : "replayed \(replayed), was \(rig.graph.unhosted)"
        }
    }

    /// Asked only of what would be admitted: who is refused anyway learns nothing from it, and loses nothing by it.
    @Test func whoSendsIsCountedForWhatIsKept() throws {
        final class Sender: SenderAllowance {
            let left: Atomic<Int>
            init(_ left: Int) { self.left = Atomic(left) }
            func countKept() -> Int? { left.subtract(1, ordering: .relaxed).newValue < 0 ? 60 : nil }
        }
        let rig = try GraphRig()
        let sender = Sender(1)
        func offer(_ statement: PlainStatement) throws -> String {
            let outcome = try rig.writer.admit(
                try statement.graphValue(), at: Timestamp(microseconds: Self.now), sender: sender)
            rig.writer.commit()
            switch outcome {
            case .admitted: return "admitted"
            case .refused(let refusal): return "\(refusal.code.rawValue) \(refusal.retryAfter ?? 0)"
            case .existing, .twin: return "known"
            }
        }
        var foreign = Self.statement("foreign", Self.spaces[0])
        foreign.issuer = Self.audience
        #expect(try offer(foreign) == "missingProof 0" && sender.left.load(ordering: .relaxed) == 1)
        #expect(try offer(Self.statement("first", Self.spaces[0])) == "admitted")
        #expect(try offer(Self.statement("second", Self.spaces[0])) == "senderQuota 60")
        #expect(try rig.host(Self.spaces[0], at: Self.now))
        rig.writer.commit()
        #expect(try offer(Self.statement("third", Self.spaces[0])) == "admitted")
    }
}
