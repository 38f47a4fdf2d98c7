import CapTesting
import CapabilityGraph
import Synchronization
import Testing
import Threading

@testable import Storage

/// What an engine on a server does beside what every engine does.
@Suite struct PostgresEngineTests {
    let scratch = Scratch()

    static func open(_ address: String, isShared: Bool = false) throws -> PostgresEngine {
        var options = PostgresEngine.Options()
        options.isShared = isShared
        options.holderMilliseconds = 100
        options.leaseMilliseconds = PostgresLease.maxLength
        return try PostgresEngine(address, tables: [Shelf.schema], options: options)
    }

    @Test func everythingLastsBeyondTheEngineThatWroteIt() throws {
        let address = try PostgresCluster.database(scratch)
        let engine = try Self.open(address)
        try engine.transaction { tables in
            _ = try? tables.insert(Shelf.self, Shelf.row("a", "one", mark: [1], count: 7, note: "n", isLent: true))
            return LogSamples.batch(1...2)
        }
        try engine.commit(LogBatch(marks: [LogSamples.mark(1, expiresAt: 5)]))
        try engine.setMeta("key", [9])
        engine.close()
        let again = try Self.open(address)
        #expect(again.lastRevision == 2)
        #expect(try again.entries() == (1...2).map { ReadEntry(LogSamples.entry($0)) })
        #expect(try again.titles([Shelf.isLent.is(true), Shelf.count.is(7)]) == ["one"])
        #expect(try again.marks(notBefore: 0) == [LogSamples.mark(1, expiresAt: 5)])
        #expect(try again.meta("key") == [9])
        #expect(throws: StorageError(.readOnly, "")) { try again.backup(to: scratch.path("copy")) }
    }

    @Test func aSecondNodeIsRefusedAtItsStart() throws {
        let address = try PostgresCluster.database(scratch)
        let engine = try Self.open(address)
        #expect(throws: StorageError(.locked, "")) { try Self.open(address) }
        // Nor once the connections of the first were cut and it came back.
        try RawPostgres.cutOff(address)
        try engine.commit(LogSamples.batch(1...1))
        #expect(try engine.entries().count == 1)
        #expect(throws: StorageError(.locked, "")) { try Self.open(address) }
        engine.close()
        let next = try Self.open(address)
        #expect(next.lastRevision == 1)
    }

    @Test func aNodeThatIsRefusedMakesNoTables() throws {
        let address = try PostgresCluster.database(scratch)
        let engine = try Self.open(address)
        #expect(throws: StorageError(.locked, "")) {
            var options = PostgresEngine.Options()
            options.holderMilliseconds = 100
            _ = try PostgresEngine(address, tables: [Shelf.schema, Label.schema], options: options)
        }
        #expect(try RawPostgres.run("SELECT count(*) FROM family_table WHERE name = 'label'", at: address) == 0)
        engine.close()
    }

    /// Who reads may be the one who writes.
    @Test func aReadInsideAChangeWaitsForNobody() throws {
        let engine = try Self.open(try PostgresCluster.database(scratch))
        try engine.setMeta("key", [7])
        var found: [UInt8]?
        try engine.transaction { _ in
            found = try? engine.meta("key")
            _ = try? engine.read { try $0.exists(Shelf.self, where: []) }
            return nil
        }
        #expect(found == [7])
    }

    @Test func aReaderRefusesADatabaseThatLacksWhatWasKept() throws {
        let address = try PostgresCluster.database(scratch)
        let engine = try Self.open(address)
        try engine.commit(LogSamples.batch(1...3))
        #expect(throws: Never.self) { try engine.read { try $0.exists(Shelf.self, where: []) } }
        try RawPostgres.run("UPDATE log_head SET revision = 2", at: address)
        #expect(throws: StorageError(.notFresh, "")) { try engine.read { try $0.exists(Shelf.self, where: []) } }
    }

    @Test func aNodeWhosePlaceWasTakenWritesNothing() throws {
        let address = try PostgresCluster.database(scratch)
        let engine = try Self.open(address)
        try engine.commit(LogSamples.batch(1...1))
        try RawPostgres.run("UPDATE holder SET node = 'other'", at: address)
        for _ in 0..<2 {
            #expect(throws: StorageError(.locked, "")) { try engine.commit(LogSamples.batch(2...2)) }
        }
        #expect(try RawPostgres.run("SELECT count(*) FROM log", at: address) == 1)
    }

    @Test func writersInTurnMakeOneLog() throws {
        let address = try PostgresCluster.database(scratch)
        let engines = try (0..<3).map { _ in try Self.open(address, isShared: true) }
        let revisionCount: UInt64 = 60
        let failures = Mutex<[String]>([])
        let threads = engines.map { engine in
            SystemThread {
                while engine.lastRevision < revisionCount {
                    let next = engine.lastRevision + 1
                    do throws(StorageError) { try engine.commit(LogSamples.batch(next...next)) } catch {
                        // Another was first, which this one has learnt of with the refusal.
                        if error.code != .constraint || engine.lastRevision < next {
                            failures.withLock { $0.append("\(next): \(error)") }
                            return
                        }
                    }
                }
            }
        }
        for thread in threads { try #require(thread).join() }
        #expect(failures.withLock { $0 } == [])
        let last = try #require(engines.map(\.lastRevision).max())
        for engine in engines where engine.lastRevision == last {
            #expect(try engine.entries() == (1...last).map { ReadEntry(LogSamples.entry($0)) })
        }
    }

    @Test(arguments: [
        "UPDATE log SET record = 'x' WHERE revision = 3", "UPDATE log SET kind = kind + 1 WHERE revision = 3",
        "DELETE FROM log WHERE revision = 3", "DELETE FROM log WHERE revision = 5",
    ])
    func aLogThatWasChangedIsRefused(_ sql: String) throws {
        let address = try PostgresCluster.database(scratch)
        let engine = try Self.open(address)
        try engine.commit(LogSamples.batch(1...5))
        #expect(try RawPostgres.run(sql, at: address) == 1)
        #expect(throws: StorageError(.corrupt, "")) { try engine.entries() }
        if sql.hasSuffix("= 5") {
            #expect(throws: StorageError(.corrupt, "")) { try engine.entries(after: 5) }
        } else {
            #expect(try engine.entries(after: 5) == [])
        }
    }

    @Test func aHeadThatWasChangedIsRefused() throws {
        let address = try PostgresCluster.database(scratch)
        let engine = try Self.open(address)
        try engine.commit(LogSamples.batch(1...5))
        try RawPostgres.run("UPDATE log_head SET revision = 4", at: address)
        #expect(throws: StorageError(.corrupt, "")) { try engine.commit(LogSamples.batch(6...6)) }
        engine.close()
        #expect(throws: StorageError(.corrupt, "")) { try Self.open(address) }
    }

    @Test func aDatabaseThatDoesNotFitIsRefused() throws {
        let localised = try PostgresCluster.database(
            scratch, "localised", options: "TEMPLATE template0 LOCALE 'C.UTF-8' ENCODING 'UTF8'")
        #expect(throws: StorageError(.notADatabase, "")) { try Self.open(localised) }
        let byICU = try PostgresCluster.database(
            scratch, "icu",
            options: "TEMPLATE template0 LOCALE 'C' ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en'")
        #expect(throws: StorageError(.notADatabase, "")) { try Self.open(byICU) }
        let foreign = try PostgresCluster.database(scratch, "foreign")
        try RawPostgres.run("CREATE TABLE invoice(id bigint)", at: foreign)
        #expect(throws: StorageError(.notADatabase, "")) { try Self.open(foreign) }
        let newer = try PostgresCluster.database(scratch, "newer")
        try Self.open(newer).close()
        try RawPostgres.run("UPDATE store SET min_reader = 2", at: newer)
        #expect(throws: StorageError(.newerFormat, "")) { try Self.open(newer) }
        try RawPostgres.run("UPDATE store SET min_reader = 1", at: newer)
        try RawPostgres.run("UPDATE family_table SET text = text || ' ' WHERE name = 'shelf'", at: newer)
        #expect(throws: StorageError(.olderFormatUnsupported, "")) { try Self.open(newer) }
    }

    @Test func aServerThatIsNotThereIsNamedWithoutItsPassword() throws {
        #expect(PostgresConnection.named("postgres://me:secret@host:5/store?password=secret") == "host:5/store")
        let error = #expect(throws: StorageError.self) {
            try Self.open("postgres://me:secret@/store?host=\(scratch.folder)")
        }
        #expect(error?.code == .unavailable && error?.message.contains("secret") == false)
        for address in ["postgres://me:sec%zzret@host/store", "postgres://me:secret@host/store?secret", "secret=1 x"] {
            let error = #expect(throws: StorageError.self) { try Self.open(address) }
            #expect(error?.code == .notFound && error.map { "\($0)".contains("sec") } == false)
        }
    }

    @Test func aTextThatTheServerCannotKeepIsRefused() throws {
        let engine = try Self.open(try PostgresCluster.database(scratch))
        #expect(throws: StorageError(.unstorable, "")) {
            try engine.change { _ = try $0.insert(Shelf.self, Shelf.row("a", "b\u{0}c")) }
        }
        #expect(try engine.titles() == [])
        // Nor can it be asked for; other questions can, in the same session.
        try engine.change { _ = try $0.insert(Shelf.self, Shelf.row("a", "b")) }
        try engine.read { tables throws in
            #expect(throws: StorageError(.unstorable, "")) {
                try tables.exists(Shelf.self, where: [Shelf.title.is("b\u{0}c")])
            }
            #expect(try tables.exists(Shelf.self, where: [Shelf.title.is("b")]))
        }
    }

    /// An index of the server holds some 2,700 bytes a row, which a file does not know of.
    @Test func aKeyThatIsTooLongIsRefused() throws {
        let engine = try Self.open(try PostgresCluster.database(scratch))
        var random = SeededGenerator.printed("aKeyThatIsTooLongIsRefused")
        func text(_ count: Int) -> String {
            String((0..<count).map { _ in Character(Unicode.Scalar(UInt8(random.int(in: 33...126)))) })
        }
        let (long, longer) = (text(2000), text(9000))
        try engine.change { _ = try $0.insert(Shelf.self, Shelf.row("a", long)) }
        #expect(throws: StorageError(.unstorable, "")) {
            try engine.change { _ = try $0.insert(Shelf.self, Shelf.row("a", longer)) }
        }
        #expect(try engine.titles() == [long])
    }

    /// Rows of a few bytes and rows of megabytes stand in one walk, which holds a page of them at a time.
    @Test func aWalkOverLongRowsIsWhole() throws {
        let engine = try PostgresEngine(PostgresCluster.database(scratch), tables: [Label.schema])
        let long = (0..<(2 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 4) }
        try engine.change { tables in
            for number in 0..<200 {
                let value = number % 70 == 69 || number > 190 ? long : [UInt8(number)]
                _ = try tables.insert(
                    Label.self, [Label.text.to("w"), Label.number.to(Int64(number)), Label.value.to(value)])
            }
        }
        var sizes: [Int] = []
        try engine.read {
            try $0.each(Label.self, order: [Label.number.ascending]) { row in
                sizes.append(row[Label.value].count)
                return true
            }
        }
        #expect(sizes == (0..<200).map { $0 % 70 == 69 || $0 > 190 ? long.count : 1 })
    }

    @Test func statesBecomeWhatCallersKnow() {
        let cases: [(String, StorageError.Code, isLost: Bool, isPassing: Bool)] = [
            ("40001", .locked, false, true), ("40P01", .locked, false, true), ("55P03", .locked, false, true),
            ("23505", .constraint, false, false), ("23502", .constraint, false, false),
            ("22021", .unstorable, false, false), ("54000", .unstorable, false, false),
            ("22P02", .constraint, false, false),
            ("22P03", .constraint, false, false), ("25006", .unavailable, true, false),
            ("57P01", .unavailable, true, false), ("57P02", .unavailable, true, false),
            ("57P03", .unavailable, true, false), ("25P03", .unavailable, true, false),
            ("08006", .unavailable, true, false), ("53100", .diskFull, false, false),
            ("53300", .unavailable, false, false), ("57014", .internal, false, false),
            ("42P01", .olderFormatUnsupported, false, false), ("42703", .olderFormatUnsupported, false, false),
            ("42883", .olderFormatUnsupported, false, false), ("58030", .ioError, false, false),
            ("XX001", .corrupt, false, false), ("XX002", .corrupt, false, false), ("99999", .internal, false, false),
        ]
        for (state, code, isLost, isPassing) in cases {
            let failure = PostgresFailure(state: state, message: "m", server: "s")
            #expect(failure.error.code == code, "\(state)")
            #expect(failure.isConnectionLost == isLost && failure.isPassing == isPassing, "\(state)")
        }
    }

    @Test func aMissingServerIsSaidWithItsRemedy() {
        let error = #expect(throws: PostgresCluster.Failed.self) { try PostgresCluster.binaries(in: scratch.folder) }
        #expect(error?.description.contains("`scripts/setup --tests`") == true)
    }
}
