import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

/// What a store does when a change cannot be made durable: it says so, keeps what was, and shows nothing of it.
@Suite struct GraphStoreFailureTests {
    let scratch = Scratch()

    func open(_ maximumBytes: Int64?, replayCapacity: Int = 1 << 16, limits: GraphLimits = GraphRig.smallLimits) throws
        -> GraphStore
    {
        try GraphStore.open(
            path: scratch.path("graph.db"), families: try Families([TinyCloud()]),
            limits: limits, options: SQLiteLogOptions(maximumBytes: maximumBytes), replayCapacity: replayCapacity)
    }

    /// A root whose token is as long as asked.
    static func root(_ number: Int, bytes: Int = 4000) -> PlainStatement {
        let id = "root \(number) "
        return PlainStatement(
            id: id + String(repeating: "x", count: bytes - id.utf8.count), isCacao: true,
            issuer: RandomAuthority.owners[0], audience: RandomAuthority.agents[number % 3],
            capabilities: [PlainCapability(RandomAuthority.spaces[0] + "/kv/\(number)", "tinycloud.kv/get")])
    }

    func submit(_ store: GraphStore, _ statements: [PlainStatement]) throws -> [String: [String]] {
        let answers = Answers()
        for statement in statements { try store.submit(PlainStep(at: 1_000, .admit(statement)), answers) }
        answers.wait(for: statements.count)
        return answers.byKey
    }

    /// Asks to mark a use by its number; gives what was answered, or why it could not be marked.
    private func use(
        _ store: GraphStore, _ number: Int, at now: Int64 = 1_000, expiresAt: Int64 = 600_000_000, by issuer: DID? = nil
    ) -> String {
        let answers = Answers()
        let mark = ReplayMark(statement: Plain.digest("use \(number)"), expiresAt: expiresAt, issuer: issuer)
        store.submit(
            .use(mark, hosting: nil, now: Timestamp(microseconds: now)) { result in
                switch result {
                case .success(let outcome): answers.add("", "\(outcome)")
                case .failure(let failure): answers.add("", "\(failure)")
                }
            })
        answers.wait(for: 1)
        return answers.byKey[""]?.first ?? ""
    }

    @Test func aFullFileAnswersFailureAndKeepsWhatWasAcknowledged() throws {
        let store = try open(400_000)
        var admitted: [PlainStatement] = []
        var failed: [PlainStatement] = []
        var number = 0
        while failed.count < 10 {
            let batch = (number..<(number + 5)).map { Self.root($0) }
            number += 5
            let answers = try submit(store, batch)
            for statement in batch {
                let answer = answers[statement.id]?.first ?? "none"
                if answer == "admitted" {
                    admitted.append(statement)
                } else {
                    #expect(answer.hasPrefix("failed: no space left"))
                    failed.append(statement)
                }
            }
            try #require(number < 1_000, "the file never fills")
        }
        #expect(admitted.count > 10)
        let snapshot = store.unprovenSnapshot()
        #expect(snapshot.edgeCount == admitted.count)
        #expect(Int(snapshot.revision) == admitted.count)
        for statement in failed { #expect(snapshot.edge(Plain.multihash(statement.id)) == nil) }
        for statement in admitted { #expect(snapshot.edge(Plain.multihash(statement.id)) != nil) }
        // Nothing of a failed one is known: what cites it lacks its proof, and the gate stays shut.
        var child = Self.root(0, bytes: 60)
        child.proofs = [failed[0].id]
        child.issuer = failed[0].audience
        child.audience = KeyName.did("Nobody")
        #expect(try submit(store, [child])[child.id] == ["missingProof"])
        let question = CheckQuestion(
            principal: try DID(failed[0].audience), ability: try Ability("tinycloud.kv/get"),
            resource: try Resource(failed[0].capabilities[0].resource))
        #expect(!snapshot.check(question, at: Timestamp(microseconds: 1_000)).isAllowed)
        let lines = try GraphDump.lines(snapshot, at: [1_000])
        store.close()

        let larger = try open(2_000_000)
        defer { larger.close() }
        #expect(try GraphDump.lines(larger.unprovenSnapshot(), at: [1_000]) == lines)
        let answers = try submit(larger, failed)
        #expect(failed.allSatisfy { answers[$0.id] == ["admitted"] })
        #expect(larger.unprovenSnapshot().check(question, at: Timestamp(microseconds: 1_000)).isAllowed)
    }

    @Test func aFullGraphRefusesTheOneChangeAndTakesItsNeighbours() throws {
        var limits = GraphRig.smallLimits
        limits.maxEdges = 10
        let store = try open(nil, limits: limits)
        let statements = (0..<16).map { Self.root($0, bytes: 20) }
        let answers = try submit(store, statements)
        let admitted = statements.filter { answers[$0.id] == ["admitted"] }
        #expect(admitted.count == 10)
        #expect(statements.filter { answers[$0.id]?.first?.hasPrefix("failed: ") == true }.count == 6)
        let lines = try GraphDump.lines(store.unprovenSnapshot(), at: [1_000])
        // What needs no room still goes through.
        let revocation = PlainRevocation(id: "end", target: admitted[0].id, signer: admitted[0].issuer)
        let ended = Answers()
        try store.submit(PlainStep(at: 1_000, .revoke(revocation)), ended)
        ended.wait(for: 1)
        #expect(ended.byKey["end"] == ["revoked"])
        store.close()
        let again = try open(nil, limits: limits)
        defer { again.close() }
        #expect(try GraphDump.lines(again.snapshot(at: 10), at: [1_000]) == lines)
        #expect(again.unprovenSnapshot().edgeCount == 10)
    }

    @Test func aUseThatCannotBeMarkedMayBeTriedAgain() throws {
        let store = try open(nil, replayCapacity: 3)
        #expect((0..<3).map { use(store, $0) } == ["marked", "marked", "marked"])
        #expect(use(store, 3) == "busy")
        #expect(use(store, 1) == "duplicate")
        #expect(store.pendingCount == 0)
        store.close()
        let roomy = try open(nil)
        defer { roomy.close() }
        // Opened with more room, or once marks have run out, there is place for it.
        #expect((0..<4).map { use(roomy, $0) } == ["duplicate", "duplicate", "duplicate", "marked"])
    }

    /// Whom no statement names fills half of the room for marks, and who is known never meets `busy` for it; after a start
    /// likewise, when nobody can say any more whose the marks were.
    @Test func strangersMarksLeaveRoomForThoseWhoAreKnown() throws {
        let issuer = try Plain.did(RandomAuthority.owners[0])
        let stranger = try Plain.did(RandomAuthority.owners[1])
        let store = try open(nil, replayCapacity: 8)
        let answers = Answers()
        let statement = PlainStatement(
            id: "known", issuer: issuer.text, audience: RandomAuthority.agents[0],
            capabilities: [PlainCapability("\(RandomAuthority.spaces[0])/kv", "tinycloud.kv/get")])
        store.submit(
            .admit(
                try statement.graphValue(), token: [1], now: Timestamp(microseconds: 1_000), hosting: .explicit
            ) { answers.add("", "\($0)") })
        answers.wait(for: 1)
        #expect((0..<5).map { use(store, $0, by: stranger) } == ["marked", "marked", "marked", "marked", "busy"])
        #expect(use(store, 0, by: stranger) == "duplicate")
        #expect((10..<13).map { use(store, $0, by: issuer) } == ["marked", "marked", "marked"])
        store.close()
        let again = try open(nil, replayCapacity: 8)
        defer { again.close() }
        #expect(use(again, 20, by: stranger) == "busy")
        #expect(use(again, 20, by: issuer) == "marked" && use(again, 12, by: issuer) == "duplicate")
    }

    @Test func aFullReplayMemoryEmptiesWithTime() throws {
        let store = try open(nil, replayCapacity: 3)
        defer { store.close() }
        let first = (0..<5).map { use(store, $0, expiresAt: 60_001_000) }
        #expect(first == ["marked", "marked", "marked", "busy", "busy"])
        let later = (5..<9).map { use(store, $0, at: 180_000_000, expiresAt: 240_000_000) }
        #expect(later == ["marked", "marked", "marked", "busy"])
    }
}
