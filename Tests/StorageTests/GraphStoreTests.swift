import CapTesting
import CapabilityGraph
import Glibc
import Multiformats
import Storage
import Testing
import UCAN

/// Keeps what a store answered, in the order of the answers.
final class Answers: Sendable {
    private let all = Locked<[String: [String]]>([:])

    func add(_ key: String, _ answer: String) { all.withLock { $0[key, default: []].append(answer) } }

    var byKey: [String: [String]] { all.withLock { $0 } }
    var count: Int { all.withLock { $0.values.reduce(0) { $0 + $1.count } } }

    /// Waits until so many answers came; answers come from the store's own thread.
    func wait(for expected: Int) { while count < expected { sched_yield() } }
}

extension GraphStore {
    /// Offers a step; the answer is in the words of `ReferenceEvaluator`, or `failed: ` and why.
    func submit(_ step: PlainStep, _ answers: Answers) throws {
        let now = Timestamp(microseconds: step.at)
        switch step.change {
        case .admit(let statement):
            let edge = try statement.graphValue()
            submit(
                .admit(edge, token: Array(statement.id.utf8), now: now, hosting: .explicit) { result in
                    answers.add(statement.id, Self.text(result, edge.id, self))
                })
        case .revoke(let revocation):
            submit(
                .revoke(try revocation.graphValue(), token: Array(revocation.id.utf8), now: now) { result in
                    answers.add(revocation.id, Self.text(result, self))
                })
        case .host(let space):
            let mark = ReplayMark(statement: Plain.digest("host \(space) \(step.at)"), expiresAt: step.at + 60_000_000)
            submit(.use(mark, hosting: try Space(space), now: now) { answers.add(space, "\($0)") })
        }
    }

    private static func text(
        _ result: Result<AdmissionOutcome, StoreFailure>, _ id: Multihash, _ store: GraphStore
    ) -> String {
        switch result {
        case .failure(let failure): return "failed: \(failure.message)"
        case .success(.refused(let refusal)): return refusal.code.rawValue
        case .success(let outcome):
            // What is answered can be seen.
            guard store.unprovenSnapshot().edge(id) != nil else { return "answered before it can be seen" }
            if case .admitted = outcome { return "admitted" }
            if case .twin = outcome { return "twin" }
            return "existing"
        }
    }

    private static func text(_ result: Result<RevocationOutcome, StoreFailure>, _ store: GraphStore) -> String {
        switch result {
        case .failure(let failure): "failed: \(failure.message)"
        case .success(.refused(let refusal)): refusal.code.rawValue
        case .success(.revoked(let edge)):
            store.unprovenSnapshot().view(edge).ending == nil ? "answered before it can be seen" : "revoked"
        case .success(.alreadyRevoked): "alreadyRevoked"
        }
    }
}

@Suite struct GraphStoreTests {
    let scratch = Scratch()

    func open(_ options: SQLiteLogOptions = SQLiteLogOptions()) throws -> GraphStore {
        try GraphStore.open(
            path: scratch.path("graph.db"), families: try Families([TinyCloud()]),
            limits: GraphRig.smallLimits, options: options)
    }

    static func seed() -> UInt64 {
        Environment.value("CAPGRAPH_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0...0xFFFF_FFFF)
    }

    @Test func aStoreAnswersAsTheReferenceAndIsTheSameAfterReopening() throws {
        let seed = Self.seed()
        var random = RandomAuthority(SeededGenerator(seed: seed))
        let world = random.world(120)
        var reference = ReferenceEvaluator()
        let store = try open()
        for step in world {
            guard case .host = step.change else {
                let answers = Answers()
                try store.submit(step, answers)
                answers.wait(for: 1)
                #expect(answers.byKey.values.first == [reference.play(step)], "CAPGRAPH_SEED=\(seed) \(step)")
                continue
            }
        }
        try expectSameAfterReopening(store, at: [random.now, random.now + 20], seed)
    }

    /// Closes the store and opens it again: every line about the graph, and every token, must be what it was.
    func expectSameAfterReopening(_ store: GraphStore, at times: [Int64], _ seed: UInt64) throws {
        let lines = try GraphDump.lines(store.unprovenSnapshot(), at: times)
        let middle = store.revision / 2
        let earlier = try GraphDump.lines(store.snapshot(at: middle), at: times)
        let revision = store.revision
        #expect(store.pendingCount == 0)
        store.close()
        let again = try open()
        defer { again.close() }
        #expect(again.revision == revision, "CAPGRAPH_SEED=\(seed)")
        let snapshot = again.unprovenSnapshot()
        #expect(try GraphDump.lines(snapshot, at: times) == lines, "CAPGRAPH_SEED=\(seed)")
        #expect(try GraphDump.lines(again.snapshot(at: middle), at: times) == earlier, "CAPGRAPH_SEED=\(seed)")
        for raw in 0..<UInt32(snapshot.edgeCount) {
            let view = snapshot.view(Snapshot.EdgeID(raw: raw))
            let token = try again.tokens.token(revision: UInt64(view.admittedAt), expecting: view.id.digest)
            #expect(BLAKE3.hash(token) == view.id.digest)
        }
    }

    @Test func manyThreadsGetEachTheirAnswerAndTheLogHoldsThemAll() throws {
        let seed = Self.seed()
        let store = try open()
        let answers = Answers()
        var worlds: [[PlainStep]] = []
        var latest: Int64 = 0
        for thread in 0..<4 {
            var random = RandomAuthority(SeededGenerator(seed: seed &+ UInt64(thread)))
            random.cheating = 5
            // Names of threads differ, so that nobody takes another's statement for its own.
            worlds.append(
                random.world(80).map { step in
                    guard case .admit(var statement) = step.change else { return step }
                    statement.id = "\(thread) \(statement.id)"
                    statement.statement = "\(thread) \(statement.statement)"
                    statement.proofs = statement.proofs.map { "\(thread) \($0)" }
                    return PlainStep(at: step.at, .admit(statement))
                })
            latest = max(latest, random.now)
        }
        let failures = Locked<[String]>([])
        let shared = worlds
        ParallelThreads.run(
            shared.indices.map { thread in
                {
                    for step in shared[thread] {
                        do { try store.submit(step, answers) } catch { fatalError("\(error)") }
                    }
                }
            })
        answers.wait(for: shared.reduce(0) { $0 + $1.count })
        for (key, texts) in answers.byKey {
            for text in texts where text.hasPrefix("failed") || text.hasPrefix("answered") {
                failures.withLock { $0.append("\(key): \(text)") }
            }
        }
        #expect(failures.withLock { $0 } == [], "CAPGRAPH_SEED=\(seed)")
        let admitted = answers.byKey.values.filter { $0.contains("admitted") }.count
        #expect(admitted > 20)
        #expect(store.unprovenSnapshot().edgeCount == admitted, "CAPGRAPH_SEED=\(seed)")
        try expectSameAfterReopening(store, at: [latest, latest + 20], seed)
    }

    // MARK: uses

    static func mark(_ number: Int, expiresAt: Int64 = 600_000_000) -> ReplayMark {
        ReplayMark(statement: Plain.digest("use \(number)"), expiresAt: expiresAt)
    }

    func use(_ store: GraphStore, _ mark: ReplayMark, at now: Int64, hosting space: String? = nil) throws -> String {
        let answers = Answers()
        store.submit(
            .use(mark, hosting: try space.map { try Space($0) }, now: Timestamp(microseconds: now)) { result in
                switch result {
                case .success(.marked): answers.add("", "marked")
                case .success(.duplicate): answers.add("", "duplicate")
                case .failure(let failure): answers.add("", "failed: \(failure.message)")
                }
            })
        answers.wait(for: 1)
        return answers.byKey[""]?.first ?? ""
    }

    @Test func aUseTakesEffectOnceAcrossThreadsAndRestarts() throws {
        let store = try open()
        let answers = Answers()
        ParallelThreads.run(
            (0..<4).map { thread in
                {
                    for number in 0..<200 {
                        let number = (number * 7 + thread * 50) % 200
                        store.submit(
                            .use(Self.mark(number), hosting: nil, now: Timestamp(microseconds: 1_000)) { result in
                                if case .success(.marked) = result { answers.add("\(number)", "marked") }
                                if case .success(.duplicate) = result { answers.add("\(number)", "duplicate") }
                            })
                    }
                }
            })
        answers.wait(for: 800)
        for (number, texts) in answers.byKey {
            #expect(texts.filter { $0 == "marked" }.count == 1 && texts.count == 4, "use \(number): \(texts)")
        }
        store.close()
        let again = try open()
        for number in 0..<200 { #expect(try use(again, Self.mark(number), at: 2_000) == "duplicate") }
        #expect(try use(again, Self.mark(200), at: 2_000) == "marked")
        // After its expiry a mark may go; while the clock stays where it is it cannot be used again.
        #expect(try use(again, Self.mark(201, expiresAt: 900_000_000_000), at: 700_000_000) == "marked")
        #expect(try use(again, Self.mark(3), at: 2_000) == "duplicate")
        again.close()
    }

    @Test func aUseMayHostItsSpaceAndDoesSoOnce() throws {
        let store = try open()
        let space = RandomAuthority.spaces[0]
        #expect(try use(store, Self.mark(1), at: 1_000, hosting: space) == "marked")
        #expect(store.unprovenSnapshot().isHosted(try Space(space)))
        let revision = store.revision
        #expect(try use(store, Self.mark(2), at: 1_000, hosting: space) == "marked")
        #expect(try use(store, Self.mark(2), at: 1_000, hosting: RandomAuthority.spaces[1]) == "duplicate")
        #expect(store.revision == revision)
        #expect(!store.unprovenSnapshot().isHosted(try Space(RandomAuthority.spaces[1])))
        store.close()
        let again = try open()
        defer { again.close() }
        #expect(again.unprovenSnapshot().isHosted(try Space(space)))
        #expect(try use(again, Self.mark(2), at: 1_000, hosting: RandomAuthority.spaces[1]) == "duplicate")
    }
}
