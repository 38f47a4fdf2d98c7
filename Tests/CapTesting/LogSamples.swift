import Multiformats
public import Storage

/// Makes entries and marks that a test can predict from their number.
public enum LogSamples {
    public static func token(_ revision: UInt64) -> [UInt8] {
        (0..<UInt64(100 + revision % 700)).map { UInt8(truncatingIfNeeded: revision &* 31 &+ $0) }
    }

    public static func entry(_ revision: UInt64, withToken: Bool = true) -> LogEntry {
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

    public static func batch(_ revisions: ClosedRange<UInt64>, withTokens: Bool = true) -> LogBatch {
        LogBatch(entries: revisions.map { entry($0, withToken: withTokens) })
    }

    public static func mark(_ number: UInt64, expiresAt: Int64) -> ReplayMark {
        ReplayMark(statement: Digest(w0: number, w1: ~number, w2: number &* 3, w3: 7), expiresAt: expiresAt)
    }
}
