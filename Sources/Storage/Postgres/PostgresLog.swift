import Multiformats

/// Where the log ends.
struct LogPosition: Equatable {
    /// Last revision.
    var revision: UInt64 = 0
    /// Checksum of the entry there, which covers all before it.
    var chain: UInt64 = 0
    var tokenCount: UInt64 = 0

    var checksum: UInt64 {
        var checksum = Checksum(seed: 0)
        for word in [revision, chain, tokenCount] { checksum.mix(word) }
        return checksum.finished()
    }

    /// Takes the next entry for the end; gives its checksum.
    mutating func advance(
        to revision: UInt64, kind: UInt8, recordedAt: Int64, record: UnsafeRawBufferPointer, withToken: Bool
    ) -> UInt64 {
        chain = Checksum.entry(after: chain, revision: revision, kind: kind, recordedAt: recordedAt, record: record)
        self.revision = revision
        tokenCount += withToken ? 1 : 0
        return chain
    }
}

/// The log's own tables, as statements on a connection.
extension PostgresConnection {
    /// The most rows and bytes that go into one statement.
    private static let maxRows = 1000
    private static let maxBytes = 8 << 20
    /// Most marks one commit lets go of, so that pruning after a long pause delays no writer.
    private static let forgetLimit: Int64 = 5000
    /// Rows of the log that are read at a time, and tokens, which are longer.
    private static let readRows: Int64 = 1000
    private static let readTokens = 100

    /// Reads where the log ends.
    func position() throws(PostgresFailure) -> LogPosition {
        let head = try query("SELECT revision, chain, tokens, checksum FROM log_head WHERE shard = 0")
        guard head.rowCount == 1 else { throw PostgresFailure(.damaged("the head of the log", in: server)) }
        let position = LogPosition(revision: head.word(0, 0), chain: head.word(0, 1), tokenCount: head.word(0, 2))
        guard position.checksum == head.word(0, 3) else {
            throw PostgresFailure(.damaged("the head of the log", in: server))
        }
        return position
    }

    /// Writes a batch behind `position`, inside an ordered transaction; throws `constraint` for entries that do not follow.
    func append(_ batch: LogBatch, after position: inout LogPosition) throws(PostgresFailure) {
        let first = position
        var rows = LogRows()
        for entry in batch.entries {
            do throws(StorageError) { try entry.check(after: position.revision) } catch { throw PostgresFailure(error) }
            let checksum = entry.record.withUnsafeBytes {
                position.advance(
                    to: entry.revision, kind: entry.kind, recordedAt: entry.recordedAt, record: $0,
                    withToken: entry.token != nil)
            }
            rows.add(entry, checksum)
            if rows.count >= PostgresConnection.maxRows || rows.size >= PostgresConnection.maxBytes {
                try insert(rows)
                rows = LogRows()
            }
        }
        try insert(rows)
        try insert(batch.marks)
        if let time = batch.forgetMarksBefore {
            // The next node may have a clock that is behind this one's.
            let end = max(time, .min + PostgresHolder.markMargin) - PostgresHolder.markMargin
            try query(
                """
                DELETE FROM mark WHERE statement IN \
                (SELECT statement FROM mark WHERE expires_at < $1 ORDER BY expires_at LIMIT $2)
                """, [.integer(end), .integer(PostgresConnection.forgetLimit)])
        }
        guard position != first else { return }
        let moved = try query(
            """
            UPDATE log_head SET revision = $1, chain = $2, tokens = $3, checksum = $4 \
            WHERE shard = 0 AND revision = $5 AND chain = $6
            """,
            [position.revision, position.chain, position.tokenCount, position.checksum, first.revision, first.chain]
                .map { .integer(Int64(bitPattern: $0)) })
        guard moved.changeCount == 1 else {
            throw PostgresFailure(StorageError(.constraint, "the log at `\(server)` has moved meanwhile"))
        }
    }

    /// The columns of rows to insert.
    private struct LogRows {
        var numbers: [[Int64]] = [[], [], [], []]
        var records: [[UInt8]] = []
        var tokenRevisions: [Int64] = []
        var tokenIDs: [[UInt8]] = []
        var tokens: [[UInt8]] = []
        var size = 0

        var count: Int { records.count }

        mutating func add(_ entry: LogEntry, _ checksum: UInt64) {
            let words = [
                Int64(entry.revision), Int64(entry.kind), entry.recordedAt, Int64(bitPattern: checksum),
            ]
            for (place, word) in words.enumerated() { numbers[place].append(word) }
            records.append(entry.record)
            size += entry.record.count
            guard let id = entry.tokenID, let token = entry.token else { return }
            tokenRevisions.append(Int64(entry.revision))
            tokenIDs.append(id.bytes)
            tokens.append(token)
            size += token.count
        }
    }

    private func insert(_ rows: LogRows) throws(PostgresFailure) {
        guard rows.count > 0 else { return }
        try query(
            """
            INSERT INTO log(shard, revision, kind, recorded_at, checksum, record) SELECT 0, * FROM \
            unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bytea[])
            """, rows.numbers.map { .integers($0) } + [.blobs(rows.records)])
        guard !rows.tokens.isEmpty else { return }
        try query(
            """
            INSERT INTO token(shard, revision, id, bytes) SELECT 0, * FROM \
            unnest($1::bigint[], $2::bytea[], $3::bytea[])
            """, [.integers(rows.tokenRevisions), .blobs(rows.tokenIDs), .blobs(rows.tokens)])
    }

    /// Keeps marks; one that is there already lasts as long as the longer of the two says.
    private func insert(_ marks: [ReplayMark]) throws(PostgresFailure) {
        guard !marks.isEmpty else { return }
        var latest: [Digest: Int64] = [:]
        for mark in marks { latest[mark.statement] = max(latest[mark.statement] ?? .min, mark.expiresAt) }
        let sorted = latest.sorted { $0.key.bytes.lexicographicallyPrecedes($1.key.bytes) }
        try query(
            """
            INSERT INTO mark(statement, expires_at) SELECT * FROM unnest($1::bytea[], $2::bigint[]) \
            ON CONFLICT(statement) DO UPDATE SET expires_at = greatest(mark.expires_at, excluded.expires_at)
            """, [.blobs(sorted.map(\.key.bytes)), .integers(sorted.map(\.value))])
    }

    /// Reads the last entry at or below a revision: its own, and its checksum; 0 where there is none.
    func lastEntry(upTo revision: UInt64) throws(PostgresFailure) -> (revision: UInt64, chain: UInt64) {
        let row = try query(
            "SELECT revision, checksum FROM log WHERE shard = 0 AND revision <= $1 ORDER BY revision DESC LIMIT 1",
            [.integer(Int64(clamping: revision))])
        return row.rowCount == 0 ? (0, 0) : (row.word(0, 0), row.word(0, 1))
    }

    /// Reads the next entries above `position`, up to a revision; none when there are no more.
    func entries(
        above position: LogPosition, upTo last: UInt64
    ) throws(PostgresFailure) -> PostgresResult {
        try query(
            """
            SELECT revision, kind, recorded_at, checksum, record FROM log \
            WHERE shard = 0 AND revision > $1 AND revision <= $2 ORDER BY revision LIMIT $3
            """,
            [
                .integer(Int64(clamping: position.revision)), .integer(Int64(clamping: last)),
                .integer(PostgresConnection.readRows),
            ])
    }

    func marks(notBefore time: Int64) throws(PostgresFailure) -> [ReplayMark] {
        var marks: [ReplayMark] = []
        var last: [UInt8] = []
        while true {
            let rows = try query(
                """
                SELECT statement, expires_at FROM mark WHERE statement > $1 AND expires_at >= $2 \
                ORDER BY statement LIMIT $3
                """, [.bytes(last), .integer(time), .integer(PostgresConnection.readRows)])
            for row in 0..<rows.rowCount {
                last = rows.bytes(row, 0)
                guard let statement = Digest(last) else { throw PostgresFailure(.damaged("a replay mark", in: server)) }
                marks.append(ReplayMark(statement: statement, expiresAt: rows.integer(row, 1)))
            }
            if rows.rowCount < PostgresConnection.readRows { return marks }
        }
    }

    func meta(_ key: String) throws(PostgresFailure) -> [UInt8]? {
        let row = try query("SELECT checksum, value FROM meta WHERE key = $1", [.text(key)])
        guard row.rowCount == 1 else { return nil }
        let value = row.bytes(0, 1)
        guard value.withUnsafeBytes({ Checksum.named(key, $0) }) == row.word(0, 0) else {
            throw PostgresFailure(.damaged("the value kept under `\(key)`", in: server))
        }
        return value
    }

    func setMeta(_ key: String, _ value: [UInt8]) throws(PostgresFailure) {
        let checksum = value.withUnsafeBytes { Checksum.named(key, $0) }
        try query(
            """
            INSERT INTO meta(key, checksum, value) VALUES($1, $2, $3) ON CONFLICT(key) DO UPDATE \
            SET checksum = excluded.checksum, value = excluded.value
            """, [.text(key), .integer(Int64(bitPattern: checksum)), .bytes(value)])
    }

    /// Reads tokens and the ids that stand beside them, by revision; a missing one is not among them.
    func tokens(_ revisions: [UInt64]) throws(PostgresFailure) -> [UInt64: (id: [UInt8], bytes: [UInt8])] {
        var found: [UInt64: (id: [UInt8], bytes: [UInt8])] = [:]
        let keys = revisions.compactMap { Int64(exactly: $0) }
        var start = 0
        while start < keys.count {
            let part = Array(keys[start..<min(start + PostgresConnection.readTokens, keys.count)])
            start += part.count
            let rows = try query(
                "SELECT revision, id, bytes FROM token WHERE shard = 0 AND revision = ANY($1)", [.integers(part)])
            for row in 0..<rows.rowCount { found[rows.word(row, 0)] = (rows.bytes(row, 1), rows.bytes(row, 2)) }
        }
        return found
    }
}
