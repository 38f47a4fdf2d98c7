import Storage

/// Copies one entry out of a walk, to compare it.
struct ReadEntry: Equatable {
    let revision: UInt64
    let kind: UInt8
    let recordedAt: Int64
    let record: [UInt8]

    init(_ revision: UInt64, _ kind: UInt8, _ recordedAt: Int64, _ record: [UInt8]) {
        self.revision = revision
        self.kind = kind
        self.recordedAt = recordedAt
        self.record = record
    }

    init(_ entry: LogEntry) {
        self.init(entry.revision, entry.kind, entry.recordedAt, entry.record)
    }
}

extension SQLiteLog {
    func read(after revision: UInt64 = 0) throws -> [ReadEntry] {
        var entries: [ReadEntry] = []
        try forEachEntry(after: revision) { entries.append(ReadEntry($0, $1, $2, [UInt8]($3))) }
        return entries
    }
}
