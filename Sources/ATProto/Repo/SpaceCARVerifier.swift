import Multiformats
public import UCAN

/// Verifies an export while it arrives: commit, then index and set hash, then each record (atproto-spaces.md 10).
///
/// Nothing is handed over before it is verified; only the index is held. `finish` must be called at the end: until
/// then records may be missing.
public struct SpaceCARVerifier: Sendable {
    /// Whether the archive was asked for with its records or with the two roots alone.
    public enum Values: Sendable {
        case included
        case excluded
    }

    /// One verified part, in this order.
    public enum Part: Sendable {
        case commit(SignedCommit)
        /// All records of the repo, in index order.
        case index([SpaceCARIndex.Entry])
        case record(SpaceCARIndex.Entry, [UInt8])
    }

    private enum Stage {
        case header
        case commit
        case index
        case records
    }

    /// Bytes of an index block of `SpaceCARIndex.maxEntryCount` entries of usual length.
    private static let maxIndexBytes = 160 << 20

    private let space: String
    private let author: String
    private let key: PublicKey
    private let expectedRev: String?
    private let values: Values
    private var reader = CARReader(
        limits: CARLimits(maxHeaderBytes: 1024, maxSectionBytes: PreparedRecord.maxBytes + 64))
    private var stage = Stage.header
    private var roots: [CID] = []
    private var commit: SignedCommit?
    private var entries: [SpaceCARIndex.Entry] = []
    private var recordCount = 0

    /// - Parameters:
    ///   - space: The space URI in its canonical form.
    ///   - key: The author's `#atproto` key.
    ///   - expectedRev: The revision the commit must name, where it is known.
    public init(space: String, author: String, key: PublicKey, expectedRev: String? = nil, values: Values = .included) {
        self.space = space
        self.author = author
        self.key = key
        self.expectedRev = expectedRev
        self.values = values
    }

    /// Adds bytes; the caller reads all parts before it adds more.
    public mutating func append(_ bytes: some Collection<UInt8>) { reader.append(bytes) }

    /// Gives the next verified part, nil when more bytes are needed.
    ///
    /// - Throws: `CarInvalid`, `CarRootsInvalid`, `CarCommitMissing`, `CarBlockHashMismatch`, `CarIndexInvalid`,
    ///   `CarIndexTooLarge`, `SetHashMismatch`, `CarBlockOrder`, `CarExtraBlock`, and what a commit's check throws.
    public mutating func next() throws(ATProtoError) -> Part? {
        let part: CARReader.Part?
        do throws(MultiformatsError) {
            part = try reader.next()
        } catch {
            throw ATProtoError("CarInvalid", error.message)
        }
        switch part {
        case nil: return nil
        case .header(let roots):
            guard roots.count == 2 else {
                throw ATProtoError(
                    "CarRootsInvalid", "the archive has \(roots.count) roots instead of commit and index")
            }
            self.roots = roots
            stage = .commit
            return try next()
        case .block(let cid, let bytes): return try take(cid, bytes)
        }
    }

    /// Ends the archive; throws `CarMissingBlock` when records are missing, `CarInvalid` when it was cut off.
    public func finish() throws(ATProtoError) {
        do throws(MultiformatsError) {
            try reader.finish()
        } catch {
            throw ATProtoError("CarInvalid", error.message)
        }
        guard stage == .records, values == .excluded || recordCount == entries.count else {
            throw ATProtoError("CarMissingBlock", "the archive has fewer blocks than its index has entries")
        }
    }

    private mutating func take(_ cid: CID, _ bytes: [UInt8]) throws(ATProtoError) -> Part {
        switch stage {
        case .header, .commit: return try takeCommit(cid, bytes)
        case .index: return try takeIndex(cid, bytes)
        case .records: return try takeRecord(cid, bytes)
        }
    }

    private mutating func takeCommit(_ cid: CID, _ bytes: [UInt8]) throws(ATProtoError) -> Part {
        guard cid == roots[0], let commit = try? SignedCommit(encoded: bytes) else {
            throw ATProtoError("CarCommitMissing", "the first root and the first block are not a commit")
        }
        try check(bytes, are: cid)
        try commit.verify(space: space, author: author, expectedRev: expectedRev, key: key)
        self.commit = commit
        stage = .index
        reader.limits.maxSectionBytes = Self.maxIndexBytes
        return .commit(commit)
    }

    private mutating func takeIndex(_ cid: CID, _ bytes: [UInt8]) throws(ATProtoError) -> Part {
        guard cid == roots[1] else {
            throw ATProtoError("CarRootsInvalid", "the second block is not the second root, the index")
        }
        try check(bytes, are: cid)
        entries = try SpaceCARIndex.decode(bytes)
        var hash = LtHash()
        for entry in entries { hash.add(path: entry.path, cid: entry.cid) }
        guard hash.digest == commit?.hash else {
            throw ATProtoError("SetHashMismatch", "the set hash of the index is not that of the commit")
        }
        stage = .records
        reader.limits.maxSectionBytes = PreparedRecord.maxBytes + 64
        return .index(entries)
    }

    private mutating func takeRecord(_ cid: CID, _ bytes: [UInt8]) throws(ATProtoError) -> Part {
        guard values == .included, recordCount < entries.count else {
            throw ATProtoError("CarExtraBlock", "the archive has more blocks than its index has entries")
        }
        let entry = entries[recordCount]
        guard cid == entry.cid else {
            throw ATProtoError("CarBlockOrder", "block \(recordCount) is not the record that the index names there")
        }
        try check(bytes, are: cid)
        recordCount += 1
        return .record(entry, bytes)
    }

    private func check(_ bytes: [UInt8], are cid: CID) throws(ATProtoError) {
        guard CID.ofDagCBOR(bytes) == cid else {
            throw ATProtoError("CarBlockHashMismatch", "the bytes of a block do not have the hash that its CID names")
        }
    }
}
