import ATProto
import Multiformats
import Storage

/// Writes one repo as a CAR, piece by piece and from one consistent state, holding no more than one piece, or the whole of
/// a repo or of an index that is short.
///
/// What is longer is written to a file first, so that a slow reader holds no state of the database, without which the
/// database's own log cannot be begun anew; only of what is very long the rest is read as it is sent.
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
    /// Up to so many bytes of a repo, or of an index, are read once and held.
    private static let heldBytes = 1 << 20
    /// Up to so many bytes are written to a file: who asks and leaves costs no more than hashing and writing them.
    private static let spooledBytes = 64 << 20

    private let session: any ReadSession
    private let head: RepoHead
    private let commit: SignedCommit
    private let excludeValues: Bool
    private let slot: ExportSlot
    private var stage = Stage.index
    /// The last path written in this stage.
    private var last: (length: Int64, path: String) = (0, "")
    private var buffer: [UInt8] = []
    private var spool: SpoolFile?

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
        try fillSpool()
    }

    /// Gives the next bytes, about 64 KiB, one record or all of a short repo; nil at the end.
    package func next() throws -> [UInt8]? {
        if let piece = try spool?.take(Self.pieceBytes) { return piece }
        spool = nil
        return try draw()
    }

    /// Writes what is no short repo to a file, as far as that goes.
    private func fillSpool() throws {
        guard stage != .done, let spool = SpoolFile() else { return }
        self.spool = spool
        var count = 0
        while count < Self.spooledBytes, let piece = try draw() {
            guard spool.append(piece) else {
                // What the disk does not take is sent from memory, and the rest as it is read.
                buffer = piece
                return
            }
            count += piece.count
        }
    }

    private func draw() throws -> [UInt8]? {
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
        if try writeWhole() { return start(.done) }
        start(.index)
        var indexer = SpaceCARIndexer(count: Int(head.recordCount), keptBytes: Self.heldBytes)
        while try entries({ indexer.add(path: $0, cid: $1) }) {}
        let index = indexer.finish()
        buffer = SpaceCARWriter.preamble(commit: commit, index: index)
        guard let entries = index.entries else { return start(.index) }
        buffer += entries
        start(excludeValues ? .done : .records)
    }

    /// Writes everything in one look at the rows; false when that is too much to be held.
    private func writeWhole() throws -> Bool {
        guard !excludeValues else { return false }
        var indexer = SpaceCARIndexer(count: Int(head.recordCount), keptBytes: Self.heldBytes)
        var sections: [UInt8] = []
        sections.reserveCapacity(min(Self.heldBytes, Int(head.recordCount) * 512))
        let isWhole = try records { path, cid, value in
            indexer.add(path: path, cid: cid)
            CARWriter.append(cid, value, to: &sections)
            return sections.count <= Self.heldBytes
        }
        let index = indexer.finish()
        guard isWhole, let entries = index.entries else { return false }
        buffer = SpaceCARWriter.preamble(commit: commit, index: index)
        buffer += entries
        buffer += sections
        return true
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
        let isAtEnd = try records { _, cid, value in
            CARWriter.append(cid, value, to: &buffer)
            return buffer.count < Self.pieceBytes
        }
        if isAtEnd { start(.done) }
    }

    /// Reads further records in index order, each checked against its CID, while `body` asks for more; true after the last.
    private func records(_ body: (String, CID, UnsafeRawBufferPointer) -> Bool) throws -> Bool {
        var isAtEnd = true
        try session.each(
            RecordTable.self,
            [RecordTable.pathLength, RecordTable.path, RecordTable.cid, RecordTable.value], where: rest,
            order: Self.order
        ) { row in
            last = (row[RecordTable.pathLength], row[RecordTable.path])
            let cid = try CID(record: row[RecordTable.cid])
            try row.withBytes(of: RecordTable.value) { value in
                try cid.check(value, "the record `\(head.author)/\(last.path)`")
                isAtEnd = body(last.path, cid, value)
            }
            return isAtEnd
        }
        return isAtEnd
    }
}
