import CapTesting
import Multiformats
import Testing

@testable import Storage

/// What every engine does with the log and what lasts beside it.
@Suite struct EngineLogTests {
    let scratch = Scratch()

    @Test(arguments: EngineKind.allCases) func theLogIsReadInOrderFromAnyRevision(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        #expect(engine.lastRevision == 0)
        #expect(try engine.entries() == [])
        try engine.commit(LogSamples.batch(1...3))
        // A revision may be left out; none may come again or before one that is there.
        try engine.commit(LogSamples.batch(7...9))
        #expect(engine.lastRevision == 9)
        let all = [1, 2, 3, 7, 8, 9].map { ReadEntry(LogSamples.entry($0)) }
        #expect(try engine.entries() == all)
        #expect(try engine.entries(after: 3) == Array(all[3...]))
        #expect(try engine.entries(after: 7) == Array(all[4...]))
        for entry in [LogSamples.entry(9), LogSamples.entry(5), LogSamples.entry(0)] {
            #expect(throws: StorageError(.constraint, "")) { try engine.commit(LogBatch(entries: [entry])) }
        }
        #expect(throws: StorageError(.constraint, "")) {
            try engine.commit(LogBatch(entries: [LogSamples.entry(11), LogSamples.entry(10)]))
        }
        #expect(try engine.entries() == all)
        engine.close()
        #expect(throws: StorageError(.closed, "")) { try engine.commit(LogSamples.batch(10...10)) }
        #expect(throws: StorageError(.closed, "")) { try engine.openReadSession() }
    }

    @Test(arguments: EngineKind.allCases) func aLargeBatchIsOne(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        try engine.commit(LogSamples.batch(1...1100))
        func plain(_ revision: UInt64) -> LogEntry {
            LogEntry(revision: revision, kind: 1, recordedAt: 5, record: [7], tokenID: nil, token: nil)
        }
        try engine.commit(LogBatch(entries: (1101...5100).map { plain($0) }))
        let entries = try engine.entries()
        #expect(entries.count == 5100)
        #expect(Array(entries[..<1100]) == (1...1100).map { ReadEntry(LogSamples.entry($0)) })
        #expect(Array(entries[1100...]) == (1101...5100).map { ReadEntry(plain($0)) })
        let revisions: [UInt64] = Array(1...1200)
        let tokens = try engine.tokens.tokens(revisions: revisions)
        #expect(tokens == revisions.map { $0 <= 1100 ? LogSamples.token($0) : nil })
        // What does not follow takes the whole batch with it.
        #expect(throws: StorageError(.constraint, "")) {
            try engine.commit(LogBatch(entries: (5101...7200).map { plain($0) } + [plain(5101)]))
        }
        #expect(engine.lastRevision == 5100)
        #expect(try engine.entries(after: 5099).count == 1)
    }

    @Test(arguments: EngineKind.allCases) func aWalkEndsWithWhatItsBodyThrows(_ kind: EngineKind) throws {
        struct Enough: Error {}
        let engine = try kind.open(scratch)
        try engine.commit(LogSamples.batch(1...5))
        var seen = 0
        #expect(throws: Enough.self) {
            try engine.forEachEntry(after: 0) { _, _, _, _ in
                seen += 1
                if seen == 2 { throw Enough() }
            }
        }
        #expect(seen == 2)
    }

    @Test(arguments: EngineKind.allCases) func tokensAreGivenByRevisionAndByName(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        try engine.commit(LogSamples.batch(1...4))
        try engine.commit(LogSamples.batch(5...5, withTokens: false))
        let tokens = engine.tokens
        #expect(
            try tokens.tokens(revisions: [4, 1, 5, 99]) == [LogSamples.token(4), LogSamples.token(1), nil, nil])
        func name(_ revision: UInt64, as id: UInt64) -> TokenName {
            TokenName(revision: revision, id: BLAKE3.hash(LogSamples.token(id)))
        }
        #expect(try tokens.tokens([name(2, as: 2), name(3, as: 3)]) == [2, 3].map { LogSamples.token($0) })
        for wrong in [name(2, as: 3), name(5, as: 5), name(99, as: 99)] {
            #expect(throws: StorageError(.corrupt, "")) { try tokens.tokens([wrong]) }
        }
        let half = LogEntry(revision: 6, kind: 0, recordedAt: 0, record: [], tokenID: nil, token: [1])
        #expect(throws: StorageError(.constraint, "")) { try engine.commit(LogBatch(entries: [half])) }
    }

    @Test(arguments: EngineKind.allCases) func marksAreKeptUntilTheirTimeIsOver(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        let second: Int64 = 1_000_000
        let early = (1...3).map { LogSamples.mark($0, expiresAt: 10 * second) }
        let late = (4...6).map { LogSamples.mark($0, expiresAt: 100_000 * second) }
        try engine.commit(LogBatch(marks: early))
        try engine.commit(LogBatch(marks: late))
        #expect(Set(try engine.marks(notBefore: 0)) == Set(early + late))
        #expect(Set(try engine.marks(notBefore: 11 * second)) == Set(late))
        try engine.commit(LogBatch(forgetMarksBefore: 50_000 * second))
        #expect(Set(try engine.marks(notBefore: 0)) == Set(late))
    }

    @Test(arguments: EngineKind.allCases) func valuesAreKeptUnderKeys(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        #expect(try engine.meta("key") == nil)
        try engine.setMeta("key", [1, 2])
        try engine.setMeta("other", [])
        try engine.setMeta("key", [3])
        #expect(try engine.meta("key") == [3])
        #expect(try engine.meta("other") == [])
    }

    @Test(arguments: EngineKind.allCases) func rowsAndEntriesLastTogetherOrNotAtAll(_ kind: EngineKind) throws {
        let engine = try kind.open(scratch)
        try engine.transaction { tables in
            _ = try? tables.insert(Shelf.self, Shelf.row("a", "kept"))
            return LogSamples.batch(1...2)
        }
        try engine.transaction { tables in
            _ = try? tables.insert(Shelf.self, Shelf.row("a", "taken back"))
            return nil
        }
        // An entry that the log refuses takes the rows with it.
        #expect(throws: StorageError(.constraint, "")) {
            try engine.transaction { tables in
                _ = try? tables.insert(Shelf.self, Shelf.row("a", "refused"))
                return LogSamples.batch(2...3)
            }
        }
        // A failure of the engine ends the transaction, whatever the body makes of it.
        #expect(throws: StorageError(.constraint, "")) {
            try engine.transaction { tables in
                _ = try? tables.insert(Shelf.self, Shelf.row("a", "kept"))
                _ = try? tables.insert(Shelf.self, Shelf.row("a", "after a failure"))
                return LogSamples.batch(3...3)
            }
        }
        #expect(try engine.titles() == ["kept"])
        #expect(engine.lastRevision == 2)
        #expect(try engine.entries().count == 2)
    }

    @Test func sqliteKeepsAllOfItWhenItIsOpenedAgain() throws {
        let engine = try EngineKind.sqlite.open(scratch)
        try engine.transaction { tables in
            _ = try? tables.insert(Shelf.self, Shelf.row("a", "one", mark: [1], count: 7, note: "n", isLent: true))
            return LogSamples.batch(1...2)
        }
        engine.close()
        // Whoever does not know the family's tables leaves them as they are, and they are covered all the same.
        let plain = try SQLiteLog.open(path: scratch.path("engine.db"), mode: .existing)
        #expect(try plain.verify().rowCount == 1)
        #expect(try plain.backup(to: scratch.path("copy.db")) == 2)
        plain.close()
        RawSQL.run("UPDATE shelf SET count_held = 8", at: scratch.path("copy.db"))
        #expect(throws: StorageError(.corrupt, "")) {
            try SQLiteLog.open(path: scratch.path("copy.db"), mode: .existing)
        }
        let again = try EngineKind.sqlite.open(scratch)
        #expect(try again.titles([Shelf.isLent.is(true), Shelf.count.is(7)]) == ["one"])
        #expect(try again.entries().count == 2)
    }
}
