import CapTesting
import Storage
import Testing

@Suite struct ReplayMarkTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }

    @Test func marksComeBackAfterReopening() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        let marks = (1...64).map { LogSamples.mark($0, expiresAt: 1_700_000_000_000_000 + Int64($0)) }
        try log.commit(LogBatch(entries: [LogSamples.entry(1)], marks: Array(marks[..<32])))
        try log.commit(LogBatch(marks: Array(marks[32...])))
        log.close()
        let again = try SQLiteLog.open(path: path, mode: .existing)
        #expect(Set(try again.marks(notBefore: 0)) == Set(marks))
        #expect(Set(try again.marks(notBefore: marks[40].expiresAt)) == Set(marks[40...]))
    }

    @Test func manyCommitsMayShareOneSecond() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        for number in UInt64(1)...300 {
            try log.commit(LogBatch(marks: [LogSamples.mark(number, expiresAt: 5_000_000)]))
        }
        #expect(try log.marks(notBefore: 5_000_000).count == 300)
        #expect(try log.marks(notBefore: 5_000_001) == [])
        try log.commit(LogBatch(forgetMarksBefore: 5_000_000))
        #expect(try log.marks(notBefore: 0).count == 300)
    }

    @Test func longLivedMarkDoesNotKeepShortLivedNeighbours() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        let now: Int64 = 1_700_000_000_000_000
        let year: Int64 = 365 * 86_400 * 1_000_000
        let short = (1...20).map { LogSamples.mark($0, expiresAt: now + Int64($0)) }
        try log.commit(LogBatch(marks: short + [LogSamples.mark(99, expiresAt: now + year)]))
        try log.commit(LogBatch(forgetMarksBefore: now + 4 * 3_600_000_000))
        #expect(try log.marks(notBefore: 0) == [LogSamples.mark(99, expiresAt: now + year)])
    }

    @Test func backlogOfExpiredMarksGoesInBoundedSteps() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        for number in UInt64(1)...600 {
            try log.commit(LogBatch(marks: [LogSamples.mark(number, expiresAt: Int64(number))]))
        }
        var left = [try log.marks(notBefore: 0).count]
        while let last = left.last, last > 0 {
            try log.commit(LogBatch(forgetMarksBefore: 1 << 40))
            left.append(try log.marks(notBefore: 0).count)
        }
        #expect(left == [600, 344, 88, 0])
    }

    @Test func liveMarksAreNeverForgotten() throws {
        var random = SeededGenerator.printed("liveMarksAreNeverForgotten")
        let log = try SQLiteLog.open(path: path, mode: .create)
        var live: Set<ReplayMark> = []
        var now: Int64 = 1_700_000_000_000_000
        for number in UInt64(1)...200 {
            let marks = (0..<random.int(in: 0...5)).map { index in
                LogSamples.mark(number << 8 | UInt64(index), expiresAt: now + Int64(random.int(in: 0...20_000_000_000)))
            }
            live.formUnion(marks)
            now += Int64(random.int(in: 0...200_000_000))
            try log.commit(LogBatch(marks: marks, forgetMarksBefore: now))
            let kept = try Set(log.marks(notBefore: 0))
            #expect(kept.isSuperset(of: live.filter { $0.expiresAt >= now }))
            #expect(Set(try log.marks(notBefore: now)) == live.filter { $0.expiresAt >= now })
        }
        // What is kept beyond its time is at most one span (about 72 minutes) old.
        let kept = try log.marks(notBefore: 0)
        #expect(kept.allSatisfy { $0.expiresAt >= now - 4_296_000_000 })
    }
}
