public import Multiformats

/// Makes the pieces of an export, so that a repo of any size is written without being held (atproto-spaces.md 10).
///
/// The caller goes over its entries in index order up to three times: once through `SpaceCARIndexer` for the CID of
/// the index, once to write the index behind `preamble`, and once to write the records.
public enum SpaceCARWriter {
    public static let contentType = "application/vnd.ipld.car"

    /// Gives header, commit block and the start of the index block; all index entries must follow.
    public static func preamble(commit: SignedCommit, index: SpaceCARIndexer.Summary) -> [UInt8] {
        let block = commit.encoded
        let commitCID = CID.ofDagCBOR(block)
        var bytes = CARWriter.header(roots: [commitCID, index.cid])
        CARWriter.append(commitCID, block, to: &bytes)
        bytes.append(contentsOf: CARWriter.sectionHead(index.cid, byteCount: index.byteCount))
        bytes.append(contentsOf: SpaceCARIndex.head(count: index.entryCount))
        return bytes
    }

    /// Writes a whole export of records that are at hand.
    ///
    /// - Parameter records: In any order, no path twice.
    public static func archive(
        commit: SignedCommit, records: [(path: String, cid: CID, bytes: [UInt8])], excludeValues: Bool = false
    ) -> [UInt8] {
        let sorted = records.sorted { SpaceCARIndex.precedes($0.path, $1.path) }
        var indexer = SpaceCARIndexer(count: sorted.count)
        for record in sorted { indexer.add(path: record.path, cid: record.cid) }
        var bytes = preamble(commit: commit, index: indexer.finish())
        for record in sorted { SpaceCARIndex.append(path: record.path, cid: record.cid, to: &bytes) }
        if !excludeValues {
            for record in sorted { CARWriter.append(record.cid, record.bytes, to: &bytes) }
        }
        return bytes
    }
}

/// Computes CID and length of an index before it is written.
public struct SpaceCARIndexer: ~Copyable {
    /// What `SpaceCARWriter.preamble` needs to know of an index.
    public struct Summary: Sendable, Hashable {
        public let cid: CID
        public let byteCount: Int
        public let entryCount: Int
        /// The entries as they stand in the index; nil where they are more bytes than were to be kept.
        public let entries: [UInt8]?
    }

    private let entryCount: Int
    private let hash = StreamingSHA256()
    private let headByteCount: Int
    private let maxBufferBytes: Int
    private var byteCount: Int
    private var buffer: [UInt8]

    /// - Parameter keptBytes: An index of at most so many bytes is given by `finish`, too.
    public init(count: Int, keptBytes: Int = 0) {
        entryCount = count
        maxBufferBytes = max(1 << 16, keptBytes)
        buffer = SpaceCARIndex.head(count: count)
        headByteCount = buffer.count
        byteCount = buffer.count
    }

    /// Takes the next entry, in index order.
    public mutating func add(path: String, cid: CID) {
        let before = buffer.count
        SpaceCARIndex.append(path: path, cid: cid, to: &buffer)
        byteCount += buffer.count - before
        guard buffer.count > maxBufferBytes else { return }
        hash.update(buffer)
        buffer.removeAll(keepingCapacity: true)
    }

    public consuming func finish() -> Summary {
        hash.update(buffer)
        let cid = CID(codec: CID.dagCBORCodec, hash: Multihash(code: .sha2_256, digest: hash.finish()))
        let entries = buffer.count == byteCount ? Array(buffer[headByteCount...]) : nil
        return Summary(cid: cid, byteCount: byteCount, entryCount: entryCount, entries: entries)
    }
}
