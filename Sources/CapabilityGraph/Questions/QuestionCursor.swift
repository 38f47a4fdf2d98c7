import Multiformats
public import UCAN

/// Remembers where a page of answers ended, and the moment that the whole answer is of.
///
/// A cursor gives no rights: whoever brings one is judged anew. Later writes move nothing, since it names a revision and an
/// instant and the order of an answer is a function of those.
public struct QuestionCursor: Sendable, Equatable {
    public let revision: UInt32
    public let at: Timestamp
    /// Which part of the answer, and how far in it.
    let stage: UInt8
    let position: UInt32
    /// Ties the cursor to its question.
    let fingerprint: UInt64

    private static let version: UInt8 = 2

    init(revision: UInt32, at: Timestamp, stage: UInt8, position: UInt32, fingerprint: UInt64) {
        self.revision = revision
        self.at = at
        self.stage = stage
        self.position = position
        self.fingerprint = fingerprint
    }

    public var text: String {
        CursorText.write(
            Self.version, (UInt64(revision), 4), (UInt64(bitPattern: at.microseconds), 8), (UInt64(stage), 1),
            (UInt64(position), 4), (fingerprint, 8))
    }

    /// Reads a cursor; throws `malformedCursor`.
    public init(_ text: String) throws(GraphError) {
        let numbers = try CursorText.read(text, Self.version, 4, 8, 1, 4, 8)
        revision = UInt32(truncatingIfNeeded: numbers[0])
        at = Timestamp(microseconds: Int64(bitPattern: numbers[1]))
        stage = UInt8(truncatingIfNeeded: numbers[2])
        position = UInt32(truncatingIfNeeded: numbers[3])
        fingerprint = numbers[4]
    }

    /// A number that differs when the questions differ; stable between processes.
    static func fingerprint(_ parts: [String]) -> UInt64 {
        var bytes: [UInt8] = []
        for part in parts {
            bytes.append(contentsOf: part.utf8)
            bytes.append(0)
        }
        return BLAKE3.hash(bytes).w0
    }
}

extension Snapshot {
    /// The graph and the instant that an answer is of: those of the cursor that continues it, else this one and now.
    ///
    /// Throws `malformedCursor` for a cursor of another question or of a revision not reached here.
    func pinned(
        _ cursor: QuestionCursor?, fingerprint: UInt64, now: Timestamp
    ) throws(GraphError) -> (snapshot: Snapshot, at: Timestamp) {
        guard let cursor else { return (self, now) }
        guard cursor.fingerprint == fingerprint else {
            throw GraphError(.malformedCursor, "the cursor belongs to another question")
        }
        guard cursor.revision <= revision else {
            throw GraphError(.malformedCursor, "the cursor is ahead of this service")
        }
        return (asOf(cursor.revision), cursor.at)
    }
}
