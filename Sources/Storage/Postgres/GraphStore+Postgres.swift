package import CapabilityGraph
import Multiformats
package import UCAN

/// What an operator asks of a store on PostgreSQL: what `SQLiteLog` answers of a file.
extension PostgresEngine {
    /// The address as it may be shown, without a password.
    package static func name(of address: String) -> String { PostgresConnection.named(address) }

    /// Milliseconds for which a server may be at one question of an operator.
    private static let operatorSilence: Int32 = 60_000

    /// Whether there is a store in the database, empty or not.
    package static func isThere(_ address: String) throws(StorageError) -> Bool {
        do throws(PostgresFailure) {
            let connection = try PostgresConnection(address)
            defer { connection.close() }
            return try connection.once("SELECT to_regclass('public.store') IS NOT NULL").integer(0, 0) != 0
        } catch {
            throw error.error
        }
    }

    /// Reads one state of a store beside whatever node serves it: tables, and by its key what is kept beside the log.
    package static func peek<Value>(
        _ address: String, _ body: (any TableReader, (String) throws -> [UInt8]?) throws -> Value
    ) throws -> Value {
        let readers = PostgresReaders(address, limit: 1, silence: operatorSilence)
        defer { readers.close() }
        return try readers.onOneState { rows in
            try body(rows) { key in
                try rows.failing { () throws(PostgresFailure) in try rows.connection.meta(key) }
            }
        }
    }

    /// Reads everything stored and checks it, on one state of the database and also beside a service: entries, marks, tokens,
    /// values, what `checkContent` checks of the tables, and that projections hold what the log says.
    ///
    /// Throws `corrupt` at the first fault. Pages are the server's to check, by its checksums.
    package static func verify(
        _ address: String, families: [any StoreFamily], limits: GraphLimits = GraphLimits(),
        _ checkContent: (any TableReader) throws -> Void
    ) throws -> (summary: LogSummary, differences: [ProjectionDifference]) {
        guard try isThere(address) else { throw nothing(at: address) }
        let readers = PostgresReaders(address, limit: 1, silence: operatorSilence)
        defer { readers.close() }
        return try readers.onOneState { rows in
            let last = try rows.failing { () throws(PostgresFailure) in try rows.connection.position() }
            var entries = 0
            let walk: GraphStore.EntryWalk = { try rows.connection.forEachEntry(after: $0, upTo: last, $1) }
            try walk(0) { _, _, _, _ in entries += 1 }
            let (tokens, marks) = try rows.failing { () throws(PostgresFailure) in
                (try rows.connection.checkTokens(last), try rows.connection.marks(notBefore: .min).count)
            }
            let values = try ValueVerification(rows).count
            try checkContent(rows)
            let summary = LogSummary(
                lastRevision: last.revision, entryCount: entries, tokenCount: tokens, markCount: marks,
                valueCount: values,
                rowCount: Int(try families.flatMap(\.tables).map { try rows.count(Selection(table: $0)) }.reduce(0, +)))
            return (
                summary, try GraphStore.compareProjections(last.revision, walk, rows, families, limits)
            )
        }
    }

    /// Drops what families keep in tables and fills it from the log; gives what differed. Throws `locked` while a service
    /// runs on the database.
    package static func rebuild(
        _ address: String, families: [any StoreFamily], at now: Timestamp, limits: GraphLimits = GraphLimits()
    ) throws -> [ProjectionDifference] {
        guard try isThere(address) else { throw nothing(at: address) }
        let engine = try PostgresEngine(address, tables: families.flatMap(\.tables))
        defer { engine.close() }
        let refill = try engine.readers.onOneState { rows in
            try ProjectionRefill(engine.lastRevision, engine.forEachEntry, rows, families, at: now, limits)
        }
        try engine.transaction { tables in
            refill.run(on: tables)
            return LogBatch()
        }
        return refill.found
    }

    private static func nothing(at address: String) -> StorageError {
        StorageError(
            .notFound, "there is no store in the database `\(PostgresConnection.named(address))`",
            hint: "`capservice serve` makes one")
    }
}

extension PostgresConnection {
    /// Checks that each token hashes to its id, belongs to an entry and that none is missing; gives their number.
    fileprivate func checkTokens(_ last: LogPosition) throws(PostgresFailure) -> Int {
        var (count, reached): (Int, Int64) = (0, 0)
        while true {
            let rows = try query(
                """
                SELECT token.revision, id, bytes, log.revision IS NULL FROM token LEFT JOIN log USING (shard, revision) \
                WHERE shard = 0 AND token.revision > $1 ORDER BY token.revision LIMIT 100
                """, [.integer(reached)])
            for row in 0..<rows.rowCount {
                reached = rows.integer(row, 0)
                guard let id = Digest(rows.bytes(row, 1)), BLAKE3.hash(rows.bytes(row, 2)) == id,
                    rows.integer(row, 3) == 0
                else { throw PostgresFailure(.damaged("the token of entry \(reached)", in: server)) }
            }
            count += rows.rowCount
            if rows.rowCount < 100 { break }
        }
        guard count == last.tokenCount else { throw PostgresFailure(.damaged("the set of tokens", in: server)) }
        return count
    }
}
