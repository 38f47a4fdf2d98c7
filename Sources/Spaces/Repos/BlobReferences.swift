import ATProto
import Multiformats
import Storage

/// Keeps, inside one change, which records refer to which blobs, and how often each blob is referred to.
///
/// Counts are settled at the end, so that a batch that moves a blob from one record to another never lets go of it.
struct BlobReferences {
    private let change: TableChange
    private let account: String
    /// How many references the batch added or took, by the blob's digest.
    private var differences: [Digest: Int64] = [:]

    init(_ change: TableChange, account: String) {
        self.change = change
        self.account = account
    }

    /// Counts references that were added (or, below 0, taken) elsewhere.
    mutating func count(_ cid: CID, _ difference: Int64) { differences[cid.hash.digest, default: 0] += difference }

    /// Takes back the references of a record.
    mutating func drop(record: Int64) throws {
        let ofRecord = BlobReferenceTable.record.is(record)
        let cids = try change.rows(BlobReferenceTable.self, [BlobReferenceTable.cid], where: [ofRecord]) {
            try CID(blob: $0[BlobReferenceTable.cid])
        }
        guard !cids.isEmpty else { return }
        for cid in cids { differences[cid.hash.digest, default: 0] -= 1 }
        try change.delete(BlobReferenceTable.self, where: [ofRecord])
    }

    /// Adds the references of a record, whose blobs its author must have uploaded.
    ///
    /// - Throws: `BlobNotFound`; `InvalidRequest` when size or media type are not those of the upload.
    mutating func add(_ blobs: [BlobRef], record: Int64, repo: Int64, rev: TID) throws {
        for blob in blobs {
            let stored = try change.first(
                BlobTable.self, [BlobTable.size, BlobTable.mimeType],
                where: [BlobTable.account.is(account), BlobTable.cid.is(blob.cid.digestColumn)]
            ) { (size: $0[BlobTable.size], mimeType: $0[BlobTable.mimeType]) }
            guard let stored else {
                throw ATProtoError("BlobNotFound", "the blob `\(blob.cid.text)` was not uploaded by the author")
            }
            guard stored.size == blob.size, UTF8Bytes.equal(stored.mimeType, blob.mimeType) else {
                throw ATProtoError(
                    "InvalidRequest", "the blob `\(blob.cid.text)` was uploaded with another size or media type")
            }
            differences[blob.cid.hash.digest, default: 0] += 1
            try change.insert(
                BlobReferenceTable.self,
                [
                    BlobReferenceTable.record.to(record), BlobReferenceTable.cid.to(blob.cid.digestColumn),
                    BlobReferenceTable.repo.to(repo), BlobReferenceTable.rev.to(rev.column),
                ])
        }
    }

    /// Applies the counts: a blob gets permanent with its first reference and temporary again without any.
    mutating func settle(temporaryUntil expiry: Int64) throws {
        for (digest, difference) in differences where difference != 0 {
            let place = [BlobTable.account.is(account), BlobTable.cid.is(digest.bytes)]
            let held = try change.first(BlobTable.self, [BlobTable.referenceCount], where: place) {
                $0[BlobTable.referenceCount]
            }
            guard let held else { continue }
            let count = max(0, held + difference)
            try change.update(
                BlobTable.self,
                [BlobTable.referenceCount.to(count), BlobTable.expiresAt.to(count > 0 ? nil : expiry)], where: place)
        }
        differences = [:]
    }
}
