import Multiformats
import Storage

/// Makes entries and marks that a test can predict from their number.
enum Samples {
    static func token(_ revision: UInt64) -> [UInt8] {
        (0..<UInt64(100 + revision % 700)).map { UInt8(truncatingIfNeeded: revision &* 31 &+ $0) }
    }

    static func entry(_ revision: UInt64, withToken: Bool = true) -> LogEntry {
        let bytes = token(revision)
        return LogEntry(
            revision: revision,
            kind: UInt8(revision % 7),
            recordedAt: 1_700_000_000_000_000 + Int64(revision % 1_000_000),
            record: (0..<revision % 200).map { UInt8(truncatingIfNeeded: revision ^ $0) },
            tokenID: withToken ? BLAKE3.hash(bytes) : nil,
            token: withToken ? bytes : nil
        )
    }

    static func batch(_ revisions: ClosedRange<UInt64>, withTokens: Bool = true) -> LogBatch {
        LogBatch(entries: revisions.map { entry($0, withToken: withTokens) })
    }

    static func mark(_ number: UInt64, expiresAt: Int64) -> ReplayMark {
        ReplayMark(statement: Digest(w0: number, w1: ~number, w2: number &* 3, w3: 7), expiresAt: expiresAt)
    }
}

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
