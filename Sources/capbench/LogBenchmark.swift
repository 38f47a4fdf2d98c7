import Glibc
import Multiformats
import Storage

/// Measures the log: commits by batch size, marks, the scan of a start, and reads of single tokens.
enum LogBenchmark {
    static func run(folder: String, scanRows: UInt64 = 1_000_000) throws {
        for size: UInt64 in [1, 10, 100, 256] { try commits(folder, size: size) }
        try marks(folder)
        try scanAndRead(folder, rows: scanRows)
    }

    static func entry(_ revision: UInt64) -> LogEntry {
        LogEntry(
            revision: revision,
            kind: 1,
            recordedAt: 1_700_000_000_000_000 + Int64(revision),
            record: bytes(150, revision),
            tokenID: Digest(w0: revision &* 0x9e37_79b9_7f4a_7c15, w1: revision, w2: 3, w3: 4),
            token: bytes(600, revision)
        )
    }

    private static func bytes(_ count: Int, _ seed: UInt64) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            var state = seed
            for index in 0..<count {
                state = state &* 6_364_136_223_846_793_005 &+ 1
                buffer[index] = UInt8(truncatingIfNeeded: state >> 56)
            }
            filled = count
        }
    }

    private static func commits(_ folder: String, size: UInt64) throws {
        let path = folder + "/commits.db"
        for name in [path, path + "-wal", path + "-shm"] { unlink(name) }
        let log = try SQLiteLog.open(path: path, mode: .create)
        // The first rows only grow the files; what counts is the rate that lasts.
        let warm: UInt64 = max(2_000, size * 10)
        for first in stride(from: 1, to: warm, by: 500) {
            try log.commit(LogBatch(entries: (first..<first + 500).map(entry)))
        }
        let rounds = size == 1 ? 4_000 : size == 10 ? 2_000 : 400
        var times: [Double] = []
        for _ in 0..<rounds {
            let next = log.lastRevision + 1
            let batch = LogBatch(entries: (next..<next + size).map(entry))
            times.append(try seconds { try log.commit(batch) })
        }
        report("commit of \(size) (600 B token, 150 B record)", times, rowsEach: Int(size))
    }

    private static func marks(_ folder: String) throws {
        let path = folder + "/marks.db"
        for name in [path, path + "-wal", path + "-shm"] { unlink(name) }
        let log = try SQLiteLog.open(path: path, mode: .create)
        var times: [Double] = []
        var number: UInt64 = 0
        for round in 0..<4_000 {
            let now = 1_700_000_000_000_000 + Int64(round) * 3_000
            let marks = (0..<64).map { (_: Int) in
                number += 1
                return ReplayMark(
                    statement: Digest(w0: number &* 0x9e37_79b9_7f4a_7c15, w1: number, w2: 0, w3: 0),
                    expiresAt: now + 5_000_000
                )
            }
            times.append(try seconds { try log.commit(LogBatch(marks: marks, forgetMarksBefore: now)) })
        }
        report("commit of 64 marks, pruned after 5 s", times, rowsEach: 64)
    }

    private static func scanAndRead(_ folder: String, rows: UInt64) throws {
        let path = folder + "/scan.db"
        for name in [path, path + "-wal", path + "-shm"] { unlink(name) }
        let log = try SQLiteLog.open(path: path, mode: .create)
        let fill = try seconds {
            while log.lastRevision < rows {
                let next = log.lastRevision + 1
                try log.commit(LogBatch(entries: (next..<next + 1_000).map(entry)))
            }
        }
        print("fill in commits of 1000: \(rate(Double(rows), fill)) rows/s")
        log.close()
        var opened: SQLiteLog?
        let open = try seconds { opened = try SQLiteLog.open(path: path, mode: .existing) }
        print("open: \(Int(open * 1e6)) us")
        guard let again = opened else { return }
        for _ in 0..<3 {
            var sum = 0
            let time = try seconds { try again.forEachEntry(after: 0) { _, _, _, record in sum += record.count } }
            print("scan: \(rate(Double(rows), time)) rows/s, \(Int(time * 1e3)) ms, \(sum) bytes")
        }
        let reader = try TokenReader(path: path)
        var random = UInt64(7)
        func next() -> UInt64 {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return (random >> 33) % rows + 1
        }
        var count = 0
        let single = try seconds { for _ in 0..<200_000 { count += try reader.token(revision: next())?.count ?? 0 } }
        print("token, random: \(rate(200_000, single)) reads/s")
        let batches = try seconds {
            for _ in 0..<2_000 {
                count += try reader.tokens(revisions: (0..<100).map { (_: Int) in next() }).count
            }
        }
        print("tokens, random, 100 a call: \(rate(200_000, batches)) reads/s")
        let copy = folder + "/copy.db"
        unlink(copy)
        print("backup with read back: \(Int(try seconds { try again.backup(to: copy) } * 1e3)) ms (\(count & 1))")
    }

    private static func report(_ name: String, _ times: [Double], rowsEach: Int) {
        let sorted = times.sorted()
        let total = times.reduce(0, +)
        let mean = Int(total / Double(times.count) * 1e6)
        let half = Int(sorted[sorted.count / 2] * 1e6)
        let worst = Int(sorted[sorted.count * 99 / 100] * 1e6)
        print(
            "\(name): \(rate(Double(times.count * rowsEach), total)) rows/s, us/commit mean \(mean), p50 \(half), p99 \(worst)"
        )
    }

    private static func rate(_ count: Double, _ seconds: Double) -> Int { Int(count / seconds) }

    private static func seconds(_ body: () throws -> Void) rethrows -> Double {
        let start = ContinuousClock.now
        try body()
        let time = ContinuousClock.now - start
        return Double(time.components.seconds) + Double(time.components.attoseconds) * 1e-18
    }
}
