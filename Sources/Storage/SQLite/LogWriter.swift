import Multiformats

/// Holds the prepared writes of a log; every call belongs inside the owner's transaction.
final class LogWriter {
    private let entry: SQLiteStatement
    private let token: SQLiteStatement
    private let mark: SQLiteStatement
    private let nextMark: SQLiteStatement
    private let expired: SQLiteStatement
    private let forget: SQLiteStatement
    private let meta: SQLiteStatement
    private let oldMeta: SQLiteStatement
    private let seal: SQLiteStatement
    private var buffer: [UInt8] = []

    /// Most rows of marks one commit lets go of, so that pruning after a long pause delays no writer.
    private static let forgetLimit = 256
    /// Marks share a row when they expire within one such span (about 71 minutes), so that a single long-lived
    /// mark does not keep its short-lived neighbours.
    private static let spanBits: Int64 = 32
    private static let second: Int64 = 1_000_000

    init(_ connection: SQLiteConnection) throws(StorageError) {
        entry = try connection.prepare(
            "INSERT INTO log(revision, kind, recorded_at, checksum, record) VALUES(?1, ?2, ?3, ?4, ?5)"
        )
        token = try connection.prepare("INSERT INTO token(revision, id, bytes) VALUES(?1, ?2, ?3)")
        mark = try connection.prepare("INSERT INTO mark(id, checksum, marks) VALUES(?1, ?2, ?3)")
        nextMark = try connection.prepare("SELECT max(id) FROM mark WHERE id >= ?1 AND id < ?2")
        expired = try connection.prepare(
            "SELECT id, checksum FROM mark WHERE id < ?1 ORDER BY id LIMIT \(LogWriter.forgetLimit)"
        )
        forget = try connection.prepare("DELETE FROM mark WHERE id <= ?1")
        meta = try connection.prepare(
            """
            INSERT INTO meta(key, checksum, value) VALUES(?1, ?2, ?3) ON CONFLICT(key) DO UPDATE \
            SET checksum = excluded.checksum, value = excluded.value
            """
        )
        oldMeta = try connection.prepare("SELECT checksum FROM meta WHERE key = ?1")
        seal = try connection.prepare(
            """
            UPDATE seal SET revision = ?1, chain = ?2, tokens = ?3, marks = ?4, meta = ?5, commits = ?6, \
            checksum = ?7, tables = ?8 WHERE id = 1
            """
        )
    }

    func insert(_ value: LogEntry, _ seal: inout LogSeal) throws(StorageError) {
        let previous = seal.chain
        seal.chain = try value.record.withBytes { (record) throws(StorageError) in
            let checksum = Checksum.entry(
                after: previous,
                revision: value.revision,
                kind: value.kind,
                recordedAt: value.recordedAt,
                record: record
            )
            entry.bind(1, Int64(value.revision))
            entry.bind(2, Int64(value.kind))
            entry.bind(3, value.recordedAt)
            entry.bind(4, Int64(bitPattern: checksum))
            try entry.bind(5, inPlace: record)
            try entry.run()
            return checksum
        }
        if let id = value.tokenID, let bytes = value.token {
            try id.bytes.withBytes { (id) throws(StorageError) in
                try bytes.withBytes { (bytes) throws(StorageError) in
                    token.bind(1, Int64(value.revision))
                    try token.bind(2, inPlace: id)
                    try token.bind(3, inPlace: bytes)
                    try token.run()
                }
            }
            seal.tokenCount += 1
        }
        seal.revision = value.revision
    }

    /// Writes marks, one row for each span of expiry among them, which is one row in the usual commit.
    func insert(_ marks: [ReplayMark], _ seal: inout LogSeal) throws(StorageError) {
        guard let first = marks.first else { return }
        let span = first.expiresAt >> LogWriter.spanBits
        guard marks.allSatisfy({ $0.expiresAt >> LogWriter.spanBits == span }) else {
            let spans = Dictionary(grouping: marks) { $0.expiresAt >> LogWriter.spanBits }
            for (_, group) in spans.sorted(by: { $0.key < $1.key }) { try insertRow(group, &seal) }
            return
        }
        try insertRow(marks, &seal)
    }

    private func insertRow(_ marks: [ReplayMark], _ seal: inout LogSeal) throws(StorageError) {
        buffer.removeAll(keepingCapacity: true)
        var last = Int64.min
        for mark in marks {
            mark.append(to: &buffer)
            last = max(last, mark.expiresAt)
        }
        let id = try freeMarkID(after: last)
        try buffer.withBytes { (bytes) throws(StorageError) in
            let checksum = Checksum.row(UInt64(bitPattern: id), bytes)
            mark.bind(1, id)
            mark.bind(2, Int64(bitPattern: checksum))
            try mark.bind(3, inPlace: bytes)
            try mark.run()
            seal.marks &+= checksum
        }
    }

    /// Finds the next row number in the second that ends no earlier than `time`.
    private func freeMarkID(after time: Int64) throws(StorageError) -> Int64 {
        guard time >= 0, time < Int64.max - 2 * LogWriter.second else {
            throw StorageError(.constraint, "a replay mark cannot expire at \(time)")
        }
        let start = (time + LogWriter.second - 1) / LogWriter.second * LogWriter.second
        nextMark.bind(1, start)
        nextMark.bind(2, start + LogWriter.second)
        defer { nextMark.reset() }
        guard try nextMark.step(), !nextMark.isNull(0) else { return start }
        let used = nextMark.integer(0)
        guard used + 1 < start + LogWriter.second else {
            throw StorageError(.constraint, "too many replay marks expire at \(time)")
        }
        return used + 1
    }

    func forgetMarks(before time: Int64, _ seal: inout LogSeal) throws(StorageError) {
        expired.bind(1, time)
        defer { expired.reset() }
        var last: Int64?
        while try expired.step() {
            last = expired.integer(0)
            seal.marks &-= UInt64(bitPattern: expired.integer(1))
        }
        guard let last else { return }
        expired.reset()
        forget.bind(1, last)
        try forget.run()
    }

    func setMeta(_ key: String, _ value: [UInt8], _ seal: inout LogSeal) throws(StorageError) {
        defer { oldMeta.reset() }
        try oldMeta.bind(1, text: key)
        if try oldMeta.step() { seal.meta &-= UInt64(bitPattern: oldMeta.integer(0)) }
        oldMeta.reset()
        try value.withBytes { (bytes) throws(StorageError) in
            let checksum = Checksum.named(key, bytes)
            try meta.bind(1, text: key)
            meta.bind(2, Int64(bitPattern: checksum))
            try meta.bind(3, inPlace: bytes)
            try meta.run()
            seal.meta &+= checksum
        }
    }

    func update(_ value: LogSeal) throws(StorageError) {
        let tables = value.tables.bytes
        for (index, word) in (value.words + [value.commitCount, value.checksum(tables)]).enumerated() {
            seal.bind(Int32(index + 1), Int64(bitPattern: word))
        }
        try tables.withBytes { (bytes) throws(StorageError) in
            try seal.bind(8, inPlace: bytes)
            try seal.run()
        }
    }
}
