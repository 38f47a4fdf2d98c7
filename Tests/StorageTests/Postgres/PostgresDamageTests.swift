import CapTesting
import CapabilityGraph
import Testing
import UCAN

@testable import Storage

/// A store opens on what was written and on nothing else.
@Suite struct PostgresDamageTests {
    let scratch = Scratch()
    let address: String

    init() throws { address = try PostgresCluster.database(scratch) }

    private static let tables = ["store", "log_head", "log", "token", "mark", "meta", "holder", "family_table"]

    private func open() throws -> GraphStore {
        let engine = try PostgresEngine(address, tables: [Shelf.schema], options: PostgresEngine.unhurried)
        do { return try GraphStore.open(engine, families: [GraphOnly(TinyCloud())]) } catch {
            engine.close()
            throw error
        }
    }

    @Test func aStoreThatWasChangedIsNotOpened() throws {
        let store = try open()
        for number in 1...3 {
            let space = try Space("tinycloud:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK:s\(number)")
            try store.transact(at: Timestamp(seconds: 1_700_000_000)) { try $0.host(space) }
        }
        try store.setMeta("key", [1])
        store.close()
        let saving = Self.tables.map { "CREATE TABLE saved.\($0) AS TABLE \($0)" }
        try RawPostgres.execute((["CREATE SCHEMA saved"] + saving).joined(separator: ";"), at: address)
        let restoring = Self.tables.map { "DELETE FROM \($0); INSERT INTO \($0) SELECT * FROM saved.\($0)" }
        let changes = [
            "UPDATE log SET recorded_at = recorded_at + 1 WHERE revision = 2",
            "UPDATE log SET record = record || '\\x00' WHERE revision = 2",
            "UPDATE log SET record = '' WHERE revision = 2",
            "UPDATE log SET record = (SELECT record FROM log WHERE revision = 1) WHERE revision = 2",
            "UPDATE log SET revision = 9 WHERE revision = 3", "DELETE FROM log WHERE revision = 1", "DELETE FROM log",
            "UPDATE log SET revision = -2 WHERE revision = 2", "UPDATE log SET kind = 300 WHERE revision = 2",
            "UPDATE log SET kind = -1 WHERE revision = 2", "UPDATE log SET shard = 1 WHERE revision = 2",
            "INSERT INTO log SELECT 0, 4, kind, recorded_at, checksum, record FROM log WHERE revision = 3",
            "UPDATE log_head SET tokens = tokens + 1", "UPDATE log_head SET chain = chain # 1",
            "UPDATE log_head SET revision = 2", "UPDATE log_head SET revision = -1", "DELETE FROM log_head",
            "DELETE FROM holder", "DELETE FROM store", "UPDATE store SET min_reader = 0",
            "INSERT INTO mark VALUES ('short', 1 << 30)",
        ]
        for sql in changes {
            #expect(try RawPostgres.run(sql, at: address) > 0, "\(sql)")
            #expect(throws: StorageError(.corrupt, ""), "\(sql)") { try open().close() }
            try RawPostgres.execute(restoring.joined(separator: ";"), at: address)
        }
        // What no start reads is refused when it is read.
        try RawPostgres.run("UPDATE meta SET value = 'other'", at: address)
        let again = try open()
        #expect(again.revision == 3)
        #expect(throws: StorageError(.corrupt, "")) { try again.meta("key") }
        again.close()
    }

    /// A column that another hand gave another type ends what was asked, and no more.
    @Test func aColumnOfAnotherTypeIsRefused() throws {
        let engine = try PostgresEngineTests.open(address)
        try engine.commit(LogSamples.batch(1...3))
        engine.close()
        try RawPostgres.execute("ALTER TABLE log ALTER recorded_at TYPE numeric", at: address)
        let again = try PostgresEngineTests.open(address)
        #expect(throws: StorageError(.internal, "")) { try again.entries() }
        try RawPostgres.execute(
            "ALTER TABLE log ALTER recorded_at TYPE bigint; ALTER TABLE log ALTER checksum TYPE text", at: address)
        #expect(throws: StorageError(.corrupt, "")) { try again.entries() }
        again.close()
        #expect(throws: StorageError(.corrupt, "")) { try PostgresEngineTests.open(address) }
        try RawPostgres.execute("ALTER TABLE log DROP COLUMN checksum", at: address)
        #expect(throws: StorageError(.olderFormatUnsupported, "")) { try PostgresEngineTests.open(address) }
    }
}
