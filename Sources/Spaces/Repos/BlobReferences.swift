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
        let cids = try change.rows("SELECT cid FROM blob_reference WHERE record = ?1", [.integer(record)]) {
            try CID(blob: $0.bytes(0))
        }
        guard !cids.isEmpty else { return }
        for cid in cids { differences[cid.hash.digest, default: 0] -= 1 }
        try change.run("DELETE FROM blob_reference WHERE record = ?1", [.integer(record)])
    }

    /// Adds the references of a record, whose blobs its author must have uploaded.
    ///
    /// - Throws: `BlobNotFound`; `InvalidRequest` when size or media type are not those of the upload.
    mutating func add(_ blobs: [BlobRef], record: Int64, repo: Int64, rev: TID) throws {
        for blob in blobs {
            let stored = try change.first(
                "SELECT size, mime_type FROM blob WHERE account = ?1 AND cid = ?2",
                [.text(account), blob.cid.digestColumn]
            ) { (size: $0.integer(0), mimeType: $0.text(1)) }
            guard let stored else {
                throw ATProtoError("BlobNotFound", "the blob `\(blob.cid.text)` was not uploaded by the author")
            }
            guard stored.size == blob.size, UTF8Bytes.equal(stored.mimeType, blob.mimeType) else {
                throw ATProtoError(
                    "InvalidRequest", "the blob `\(blob.cid.text)` was uploaded with another size or media type")
            }
            differences[blob.cid.hash.digest, default: 0] += 1
            try change.run(
                "INSERT INTO blob_reference(record, cid, repo, rev) VALUES(?1, ?2, ?3, ?4)",
                [.integer(record), blob.cid.digestColumn, .integer(repo), rev.column])
        }
    }

    /// Applies the counts: a blob gets permanent with its first reference and temporary again without any.
    mutating func settle(temporaryUntil expiry: Int64) throws {
        for (digest, difference) in differences where difference != 0 {
            try change.run(
                """
                UPDATE blob SET reference_count = max(0, reference_count + ?3), \
                expires_at = CASE WHEN reference_count + ?3 > 0 THEN NULL ELSE ?4 END \
                WHERE account = ?1 AND cid = ?2
                """,
                [.text(account), .blob(digest.bytes), .integer(difference), .integer(expiry)])
        }
        differences = [:]
    }
}
