import CapTesting
import Testing

@testable import Storage

@Suite struct MigrationTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }

    /// A made-up format: version 2 adds a column, version 3 a table filled from what is there.
    static let steps = [
        SchemaMigration(version: 1, statements: ["CREATE TABLE a(x INTEGER)", "INSERT INTO a VALUES(1)"]),
        SchemaMigration(version: 2, statements: ["ALTER TABLE a ADD COLUMN y INTEGER", "UPDATE a SET y = x + 1"]),
        SchemaMigration(
            version: 3,
            statements: ["CREATE TABLE b(z INTEGER)", "INSERT INTO b SELECT x + y FROM a"]
        ),
    ]

    func format(_ count: Int) -> SchemaFormat {
        SchemaFormat(applicationID: 77, migrations: Array(MigrationTests.steps[..<count]))
    }

    func newConnection() throws -> SQLiteConnection {
        RawFile.write([], to: path)
        return try SQLiteConnection(path: path, access: .readWrite)
    }

    @Test(arguments: [0, 1, 2, 3]) func everyOlderVersionReachesTheNewest(start: Int) throws {
        let connection = try newConnection()
        try format(start).migrate(connection)
        #expect(try connection.integer("PRAGMA user_version") == Int64(start))
        try format(3).migrate(connection)
        try format(3).checkSchema(connection)
        #expect(try format(3).checkMarker(connection) == 3)
        #expect(try connection.integer("SELECT z FROM b") == 3)
    }

    @Test func failedStepLeavesTheVersionBefore() throws {
        let connection = try newConnection()
        let broken = SchemaFormat(
            applicationID: 77,
            migrations: MigrationTests.steps[..<2] + [
                SchemaMigration(version: 3, statements: ["CREATE TABLE b(z INTEGER)", "INSERT INTO nowhere VALUES(1)"])
            ]
        )
        #expect(throws: StorageError.self) { try broken.migrate(connection) }
        try format(2).checkSchema(connection)
        #expect(try format(2).checkMarker(connection) == 2)
        try format(3).migrate(connection)
        try format(3).checkSchema(connection)
    }

    @Test func newerVersionAndOtherFormatAreTold() throws {
        let connection = try newConnection()
        try format(3).migrate(connection)
        #expect(throws: StorageError(.newerFormat, "")) { try format(2).checkMarker(connection) }
        #expect(throws: StorageError(.notADatabase, "")) { try SchemaFormat.log.checkMarker(connection) }
    }

    @Test func stepsOfTheLogAreNumberedWithoutGaps() {
        let versions = SchemaFormat.log.migrations.map(\.version)
        #expect(versions == Array(1...Int64(versions.count)))
    }

    @Test func versionOneFileIsReadByThisRelease() throws {
        RawFile.write(Fixture.bytes("vectors/storage/log-v1.db"), to: path)
        let log = try SQLiteLog.open(path: path, mode: .existing)
        #expect(try log.read() == LogSamples.batch(1...12).entries.map(ReadEntry.init))
        #expect(try log.marks(notBefore: 0) == [LogSamples.mark(1, expiresAt: 1_700_000_000_000_000)])
        #expect(try log.meta("key") == [1, 2, 3])
        #expect(try log.verify().tokenCount == 12)
        try log.commit(LogSamples.batch(13...14))
        #expect(try log.read().count == 14)
    }

    /// Writes the fixture above when CAPTEST_WRITE_LOG_V1 names a file; meant to be run by the release that wrote it.
    @Test func writesTheVersionOneFileWhenAsked() throws {
        guard let path = Environment.value("CAPTEST_WRITE_LOG_V1") else { return }
        try #require(SchemaFormat.log.version == 1)
        let log = try SQLiteLog.open(path: path, mode: .create)
        let marks = [LogSamples.mark(1, expiresAt: 1_700_000_000_000_000)]
        try log.commit(LogBatch(entries: LogSamples.batch(1...12).entries, marks: marks))
        try log.setMeta("key", [1, 2, 3])
        log.close()
    }
}
