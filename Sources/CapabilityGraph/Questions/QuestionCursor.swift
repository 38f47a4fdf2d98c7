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
    private static let length = 1 + 4 + 8 + 1 + 4 + 8

    init(revision: UInt32, at: Timestamp, stage: UInt8, position: UInt32, fingerprint: UInt64) {
        self.revision = revision
        self.at = at
        self.stage = stage
        self.position = position
        self.fingerprint = fingerprint
    }

    public var text: String {
        var bytes: [UInt8] = [Self.version]
        withUnsafeBytes(of: revision.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: at.microseconds.bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(stage)
        withUnsafeBytes(of: position.bigEndian) { bytes.append(contentsOf: $0) }
        withUnsafeBytes(of: fingerprint.bigEndian) { bytes.append(contentsOf: $0) }
        return Base64URL.encode(bytes)
    }

    /// Reads a cursor; throws `malformedCursor`.
    public init(_ text: String) throws(GraphError) {
        let bytes = Base64URL.decode(text.utf8, padding: .forbidden) ?? []
        guard bytes.count == Self.length, bytes[0] == Self.version else {
            throw GraphError(.malformedCursor, "the cursor is malformed")
        }
        func number(_ range: Range<Int>) -> UInt64 { bytes[range].reduce(0) { $0 << 8 | UInt64($1) } }
        revision = UInt32(truncatingIfNeeded: number(1..<5))
        at = Timestamp(microseconds: Int64(bitPattern: number(5..<13)))
        stage = bytes[13]
        position = UInt32(truncatingIfNeeded: number(14..<18))
        fingerprint = number(18..<26)
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
        return (Snapshot(graph: graph, revision: cursor.revision), cursor.at)
    }
}
