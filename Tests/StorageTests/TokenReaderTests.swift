import CapTesting
import Multiformats
import Storage
import Testing

@Suite struct TokenReaderTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }

    @Test func tokensAreFoundByRevision() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogSamples.batch(1...50))
        try log.commit(LogSamples.batch(51...60, withTokens: false))
        let reader = try TokenReader(path: path)
        #expect(try reader.token(revision: 7) == LogSamples.token(7))
        #expect(try reader.token(revision: 55) == nil)
        #expect(try reader.token(revision: .max) == nil)
        #expect(
            try reader.tokens(revisions: [50, 51, 3, 50, 99])
                == [LogSamples.token(50), nil, LogSamples.token(3), LogSamples.token(50), nil]
        )
        // Entries committed after the reader was opened are seen as well.
        try log.commit(LogSamples.batch(61...61))
        #expect(try reader.token(revision: 61) == LogSamples.token(61))
        log.close()
        #expect(try reader.token(revision: 61) == LogSamples.token(61))
    }

    @Test func expectedIdIsChecked() throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogSamples.batch(1...2))
        let wrong = LogEntry(revision: 3, kind: 1, recordedAt: 0, record: [], tokenID: .zero, token: [1])
        try log.commit(LogBatch(entries: [wrong]))
        let reader = try TokenReader(path: path)
        #expect(try reader.token(revision: 1, expecting: BLAKE3.hash(LogSamples.token(1))) == LogSamples.token(1))
        #expect(throws: StorageError(.corrupt, "")) { try reader.token(revision: 1, expecting: .zero) }
        #expect(throws: StorageError(.corrupt, "")) { try reader.token(revision: 3, expecting: .zero) }
        #expect(throws: StorageError(.corrupt, "")) { try reader.token(revision: 4, expecting: .zero) }
        #expect(throws: StorageError(.corrupt, "")) { try log.verify() }
    }

    @Test func manyThreadsReadWhileTheLogGrows() async throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogSamples.batch(1...20))
        let reader = try TokenReader(path: path, maxConnections: 2)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { for last in UInt64(21)...120 { try log.commit(LogSamples.batch(last...last)) } }
            for _ in 0..<6 {
                group.addTask {
                    for _ in 0..<100 {
                        let last = log.lastRevision
                        let token = try reader.token(revision: last)
                        #expect(token == LogSamples.token(last))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test(arguments: [0, 600, 2000, 1 << 20])
    func rememberedTokensAreTheOnesAskedFor(cacheBytes: Int) throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        try log.commit(LogSamples.batch(1...40))
        let reader = try TokenReader(path: path, cacheBytes: cacheBytes)
        func name(_ revision: UInt64) -> TokenName {
            TokenName(revision: revision, id: BLAKE3.hash(LogSamples.token(revision)))
        }
        for revisions: [UInt64] in [[], [3], [1, 2, 3, 2, 1], Array(1...40), Array((1...40).reversed()), [40, 7]] {
            #expect(try reader.tokens(revisions.map(name)) == revisions.map(LogSamples.token))
        }
        // What is remembered under a revision does not answer for another id.
        let wrong = TokenName(revision: 7, id: name(8).id)
        #expect(throws: StorageError(.corrupt, "")) { try reader.tokens([name(7), wrong]) }
    }

    @Test func closedReaderSaysSo() throws {
        _ = try SQLiteLog.open(path: path, mode: .create)
        let reader = try TokenReader(path: path)
        reader.close()
        #expect(throws: StorageError(.closed, "")) { try reader.token(revision: 1) }
    }
}
