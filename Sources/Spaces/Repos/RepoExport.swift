import ATProto
import Multiformats
import Storage

/// Writes one repo as a CAR, piece by piece and from one consistent state, holding no more than one piece.
///
/// Unchecked because one thread at a time draws pieces, as its owner sees to.
package final class RepoExport: @unchecked Sendable {
    private enum Stage {
        case index
        case records
        case done
    }

    /// The rows read at a time, and the bytes after which a piece is handed over.
    private static let rowCount = 512
    private static let pieceBytes = 1 << 16

    private let session: any ReadSession
    private let head: RepoHead
    private let commit: SignedCommit
    private let excludeValues: Bool
    private let slot: ExportSlot
    private var stage = Stage.index
    /// The last path written in this stage.
    private var last: (length: Int64, path: String) = (0, "")
    private var buffer: [UInt8] = []

    /// Takes over a session, which ends with the export, and goes over the index once to name it.
    ///
    /// - Parameter head: The repo as this session shows it.
    /// - Parameter commit: A commit to that head, made for this reader alone.
    /// - Throws: `PayloadTooLarge` for a repo of more records than an index may have.
    init(_ session: any ReadSession, head: RepoHead, commit: SignedCommit, excludeValues: Bool, slot: ExportSlot) throws
    {
        self.session = session
        self.head = head
        self.commit = commit
        self.excludeValues = excludeValues
        self.slot = slot
        try writePreamble()
    }

    /// Gives the next bytes, about 64 KiB or one record; nil at the end.
    ///
    package func next() throws -> [UInt8]? {
        while stage != .done, buffer.count < Self.pieceBytes {
            switch stage {
            case .index: try writeIndex()
            case .records: try writeRecords()
            case .done: break
            }
        }
        if stage == .done { session.close() }
        guard !buffer.isEmpty else { return nil }
        defer { buffer = [] }
        return buffer
    }

    private func writePreamble() throws {
        guard head.recordCount <= SpaceCARIndex.maxEntryCount else {
            throw ATProtoError("PayloadTooLarge", "the repo has more than \(SpaceCARIndex.maxEntryCount) records")
        }
        var indexer = SpaceCARIndexer(count: Int(head.recordCount))
        while try entries({ indexer.add(path: $0, cid: $1) }) {}
        buffer = SpaceCARWriter.preamble(commit: commit, index: indexer.finish())
        start(.index)
    }

    private func writeIndex() throws {
        let goesOn = try entries { SpaceCARIndex.append(path: $0, cid: $1, to: &buffer) }
        if !goesOn { start(excludeValues ? .done : .records) }
    }

    private func start(_ next: Stage) {
        stage = next
        last = (0, "")
    }

    /// The records that are not written yet in this stage, and their order.
    private var rest: [Term] {
        [
            RecordTable.repo.is(head.id),
            .behind(RecordTable.pathLength.to(last.length), RecordTable.path.to(last.path)),
        ]
    }

    private static let order = [RecordTable.pathLength.ascending, RecordTable.path.ascending]

    /// Reads some further entries in index order; false after the last.
    private func entries(_ body: (String, CID) -> Void) throws -> Bool {
        var count = 0
        try session.each(
            RecordTable.self, [RecordTable.pathLength, RecordTable.path, RecordTable.cid], where: rest,
            order: Self.order, limit: Self.rowCount
        ) { row in
            last = (row[RecordTable.pathLength], row[RecordTable.path])
            body(last.path, try CID(record: row[RecordTable.cid]))
            count += 1
            return true
        }
        return count == Self.rowCount
    }

    /// Appends records until a piece is full; rows that are read but no longer fit are read again.
    private func writeRecords() throws {
        var isAtEnd = true
        try session.each(
            RecordTable.self,
            [RecordTable.pathLength, RecordTable.path, RecordTable.cid, RecordTable.value], where: rest,
            order: Self.order
        ) { row in
            last = (row[RecordTable.pathLength], row[RecordTable.path])
            let (cid, value) = (try CID(record: row[RecordTable.cid]), row[RecordTable.value])
            try cid.check(value, "the record `\(head.author)/\(last.path)`")
            CARWriter.append(cid, value, to: &buffer)
            isAtEnd = buffer.count < Self.pieceBytes
            return isAtEnd
        }
        if isAtEnd { start(.done) }
    }
}
