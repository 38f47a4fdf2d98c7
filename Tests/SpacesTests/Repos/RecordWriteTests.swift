import ATProto
import CapTesting
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

@Suite struct RecordWriteTests {
    @Test func oneBatchIsOneRevisionAndOneStepOfTheSpace() throws {
        let rig = try RepoRig()
        let outcome = try rig.write([
            RepoRig.create("a", "1"), RepoRig.update("a", "2"), RepoRig.create("b", "3"), RepoRig.delete("b"),
            RepoRig.put("c", "4"),
        ])
        let commit = try #require(outcome.commit)
        #expect(outcome.results.map(\.action) == [.create, .update, .create, .delete, .create])
        #expect(outcome.results[1].cid == (try RepoRig.record("2").cid))
        #expect(outcome.results[3].cid == nil)
        #expect(commit.rev.microseconds == rig.now)
        #expect(commit.previousSpaceRev == nil)
        let head = try #require(try rig.head())
        #expect(head.rev == commit.rev && head.hash == commit.hash && head.recordCount == 2 && head.operationCount == 5)
        let log = try rig.operations()
        #expect(Set(log.map(\.operation.rev)) == [commit.rev.text])
        #expect(log.map(\.action) == [.create, .update, .create, .delete, .create])
        #expect(rig.observer.list == [commit])
        var expected = LtHash()
        expected.add(path: "com.example.post/a", cid: try RepoRig.record("2").cid)
        expected.add(path: "com.example.post/c", cid: try RepoRig.record("4").cid)
        #expect(head.hash == expected.digest)
        #expect(try rig.repos.read { try $0.hashState(of: head) } == expected)
    }

    @Test func aRefusedWriteTakesItsWholeBatchBack() throws {
        let rig = try RepoRig()
        try rig.write([RepoRig.create("a", "1")])
        let before = try rig.head()
        let refused: [(writes: [RecordWrite], name: String)] = [
            ([try RepoRig.create("n", "1"), try RepoRig.create("n", "2")], "RecordAlreadyExists"),
            ([try RepoRig.create("n", "1"), try RepoRig.create("a", "2")], "RecordAlreadyExists"),
            ([try RepoRig.create("n", "1"), try RepoRig.update("m", "2")], "RecordNotFound"),
            ([try RepoRig.create("n", "1"), try RepoRig.delete("m")], "RecordNotFound"),
            ([try RepoRig.create("n", "1"), try RepoRig.delete("n"), try RepoRig.delete("n")], "RecordNotFound"),
            ([try RepoRig.create("n", "1"), try RepoRig.put("a", "2", .absent)], "InvalidSwap"),
        ]
        for (writes, name) in refused {
            #expect(try rig.refusal { try rig.write(writes) } == name)
            #expect(try rig.head() == before)
            #expect(try rig.records().keys.sorted() == ["com.example.post/a"])
        }
        #expect(rig.observer.list.count == 1)
        // Nothing of a refused first batch stays either.
        #expect(try rig.refusal { try rig.write([RepoRig.delete("a")], by: RepoRig.bob) } == "RecordNotFound")
        #expect(try rig.head(RepoRig.bob) == nil)
    }

    @Test func twoHundredWritesPassAndOneMoreIsRefused() throws {
        let rig = try RepoRig()
        let writes = try (0..<201).map { try RepoRig.create("k\($0)", "\($0)") }
        #expect(try rig.refusal { try rig.write(writes) } == "InvalidRequest")
        #expect(try rig.head() == nil)
        let outcome = try rig.write(Array(writes[..<200]))
        #expect(outcome.results.count == 200)
        #expect(try rig.records(pageSize: 7).count == 200)
    }

    @Test func anEmptyBatchAndTheDeletionOfNothingChangeNothing() throws {
        let rig = try RepoRig()
        #expect(try rig.write([]) == WriteOutcome(results: [], commit: nil))
        let outcome = try rig.write([RepoRig.delete("a", ifPresent: true)])
        #expect(outcome.commit == nil && outcome.results.map(\.action) == [nil])
        #expect(try rig.head() == nil)
        #expect(try rig.repos.read { try $0.revision(of: RepoRig.space) } == nil)
        #expect(rig.observer.list.isEmpty)
        #expect(try rig.repos.read { try $0.spaces(heldBy: RepoRig.alice, limit: 10) } == [])
    }

    @Test func swapRecordComparesWithWhatIsThere() throws {
        let rig = try RepoRig()
        let first = try #require(try rig.write([RepoRig.put("a", "1", .absent)]).results[0].cid)
        #expect(try rig.refusal { try rig.write([RepoRig.put("a", "2", .absent)]) } == "InvalidSwap")
        #expect(try rig.refusal { try rig.write([RepoRig.put("a", "2", .cid("no CID"))]) } == "InvalidSwap")
        #expect(try rig.refusal { try rig.write([RepoRig.put("b", "2", .cid(first.text))]) } == "InvalidSwap")
        #expect(
            try rig.refusal { try rig.write([RepoRig.delete("b", .cid(first.text), ifPresent: true)]) } == "InvalidSwap"
        )
        #expect(try rig.refusal { try rig.write([RepoRig.update("b", "2", .cid(first.text))]) } == "InvalidSwap")
        let second = try #require(try rig.write([RepoRig.put("a", "2", .cid(first.text))]).results[0].cid)
        #expect(try rig.refusal { try rig.write([RepoRig.delete("a", .cid(first.text))]) } == "InvalidSwap")
        // Inside a batch the comparison sees the writes before it.
        let third = try RepoRig.record("3").cid
        try rig.write([RepoRig.put("a", "3", .cid(second.text)), RepoRig.delete("a", .cid(third.text))])
        #expect(try rig.records().isEmpty)
    }

    @Test func swapCommitComparesTheSpacesRevision() throws {
        let rig = try RepoRig()
        #expect(
            try rig.refusal { try rig.write([RepoRig.put("a", "1")], swapCommit: "3kbcq3p7ad400") } == "InvalidSwap")
        let first = try #require(try rig.write([RepoRig.put("a", "1")], swapCommit: "").commit)
        rig.now += 5_000_000
        let second = try #require(
            try rig.write([RepoRig.put("a", "1")], by: RepoRig.bob, swapCommit: first.spaceRev.text).commit)
        #expect(second.previousSpaceRev == first.spaceRev)
        // The caller's own revision is not the space's.
        #expect(try rig.refusal { try rig.write([RepoRig.put("a", "2")], swapCommit: first.rev.text) } == "InvalidSwap")
        #expect(try rig.refusal { try rig.write([RepoRig.put("a", "2")], swapCommit: "") } == "InvalidSwap")
        #expect(try rig.refusal { try rig.write([], swapCommit: first.spaceRev.text) } == "InvalidSwap")
        try rig.write([RepoRig.put("a", "2")], swapCommit: second.spaceRev.text)
    }

    @Test func aRecordWithoutKeyGetsATIDThatNothingElseHas() throws {
        let rig = try RepoRig()
        let outcome = try rig.write(try (0..<200).map { try RepoRig.create(nil, "\($0)") })
        let keys = outcome.results.map(\.rkey)
        #expect(Set(keys).count == 200)
        for key in keys { #expect(TID.isValid(key)) }
    }

    @Test func revisionsGoUpWhateverTheClockDoes() throws {
        let rig = try RepoRig()
        var last: (rev: TID, spaceRev: TID)?
        for (step, author) in [0, 0, -1, -3_600_000_000, 5, -5, 10_000_000, 0].enumerated().map({
            ($1, $0 % 3 == 0 ? RepoRig.bob : RepoRig.alice)
        }) {
            rig.now += Int64(step)
            let before = try rig.head(author)?.rev
            let commit = try #require(try rig.write([RepoRig.put("a", "\(rig.now)")], by: author).commit)
            if let before { #expect(commit.rev > before) }
            if let last { #expect(commit.spaceRev > last.spaceRev) }
            #expect(commit.rev.microseconds >= rig.now && commit.spaceRev.microseconds >= rig.now)
            #expect(commit.previousSpaceRev == last?.spaceRev)
            last = (commit.rev, commit.spaceRev)
        }
    }

    @Test func anIdempotencyKeyMakesABatchOnce() throws {
        let rig = try RepoRig()
        let writes = [try RepoRig.create(nil, "1"), try RepoRig.put("a", "2")]
        let first = try rig.write(writes, key: "key")
        #expect(!first.isRepeated)
        rig.now += 1_000_000
        let again = try rig.write(writes, key: "key")
        #expect(again.isRepeated && again.results == first.results && again.commit == first.commit)
        #expect(try rig.records().count == 2)
        #expect(rig.observer.list.count == 1)
        #expect(try rig.refusal { try rig.write([RepoRig.put("a", "2")], key: "key") } == "InvalidRequest")
        // Another account's key is another key, and a refused batch leaves none.
        #expect(try !rig.write(writes, by: RepoRig.bob, key: "key").isRepeated)
        #expect(try rig.refusal { try rig.write([RepoRig.delete("none")], key: "other") } == "RecordNotFound")
        #expect(try !rig.write([RepoRig.put("z", "1")], key: "other").isRepeated)
        for bad in ["", String(repeating: "k", count: 257)] {
            #expect(try rig.refusal { try rig.write([RepoRig.put("a", "2")], key: bad) } == "InvalidRequest")
        }
        // It is answered for a day.
        rig.now += rig.limits.writeKeyLifetime
        #expect(try !rig.write([RepoRig.put("a", "9")], key: "key").isRepeated)
    }

    @Test func theWriteBudgetIsSpentByTheHourAndTheDay() throws {
        let rig = try RepoRig()
        rig.limits.hourlyPoints = 10
        rig.limits.dailyPoints = 16
        rig.now = 1_700_006_400_000_000  // midnight
        try rig.write([RepoRig.create("a", "1"), RepoRig.update("a", "2"), RepoRig.delete("a")])  // 6
        #expect(throws: RateLimitExceeded.self) { try rig.write([RepoRig.create("a", "1"), RepoRig.update("a", "2")]) }
        #expect(try rig.head()?.recordCount == 0)
        try rig.write([RepoRig.create("a", "1"), RepoRig.delete("a")])  // 10
        do {
            try rig.write([RepoRig.create("a", "1")])
            Issue.record("the hour's budget was spent")
        } catch let error as RateLimitExceeded {
            #expect(error.limit == 10 && error.remaining == 0 && error.retryAfter == 3600)
        }
        // Another account has its own; the clock going back refills nothing.
        try rig.write([RepoRig.create("a", "1")], by: RepoRig.bob)
        rig.now -= 2 * 3_600_000_000
        #expect(throws: RateLimitExceeded.self) { try rig.write([RepoRig.create("a", "1")]) }
        rig.now += 3 * 3_600_000_000
        try rig.write([RepoRig.create("a", "1"), RepoRig.create("b", "1")])  // 16 of the day
        #expect(throws: RateLimitExceeded.self) { try rig.write([RepoRig.delete("a")]) }
        rig.now += 23 * 3_600_000_000
        try rig.write([RepoRig.delete("a")])
    }

    /// Runs the same attempt on many threads; says how each ended.
    private func race(_ rig: RepoRig, _ batch: @escaping @Sendable (Int) throws -> WriteBatch) -> [String: Int] {
        let (repos, time) = (rig.repos, rig.time)
        let outcomes = Locked<[String: Int]>([:])
        ParallelThreads.run(
            (0..<24).map { number in
                {
                    var name = "won"
                    do {
                        _ = try repos.applyWrites(try batch(number), at: time)
                    } catch let error as ATProtoError {
                        name = error.name
                    } catch {
                        name = "\(error)"
                    }
                    outcomes.withLock { $0[name, default: 0] += 1 }
                }
            })
        return outcomes.withLock { $0 }
    }

    @Test func ofManyWritersWithOneSwapExactlyOneWins() throws {
        let rig = try RepoRig()
        let cid = try #require(try rig.write([RepoRig.put("a", "0")]).results[0].cid).text
        let byRecord = race(rig) { number in
            WriteBatch(
                space: RepoRig.space, author: RepoRig.alice, writes: [try RepoRig.put("a", "\(number + 1)", .cid(cid))])
        }
        #expect(byRecord == ["won": 1, "InvalidSwap": 23])
        let revision = try #require(try rig.repos.read { try $0.revision(of: RepoRig.space) }).text
        let byCommit = race(rig) { number in
            WriteBatch(
                space: RepoRig.space, author: number % 2 == 0 ? RepoRig.alice : RepoRig.bob,
                writes: [try RepoRig.put("b", "\(number)")], swapCommit: revision)
        }
        #expect(byCommit == ["won": 1, "InvalidSwap": 23])
        let byAbsence = race(rig) { number in
            WriteBatch(space: RepoRig.space, author: RepoRig.alice, writes: [try RepoRig.create("c", "\(number)")])
        }
        #expect(byAbsence == ["won": 1, "RecordAlreadyExists": 23])
        let byKey = race(rig) { _ in
            WriteBatch(
                space: RepoRig.space, author: RepoRig.alice, writes: [try RepoRig.create(nil, "d")], idempotencyKey: "k"
            )
        }
        #expect(byKey == ["won": 24])
        #expect(try rig.records().count == (rig.head()?.recordCount).map { Int($0) })
        #expect(rig.observer.list.count == 5)
        #expect(rig.observer.list.map(\.spaceRev) == rig.observer.list.map(\.spaceRev).sorted())
        for (before, after) in zip(rig.observer.list, rig.observer.list.dropFirst()) {
            #expect(after.previousSpaceRev == before.spaceRev)
        }
    }
}
