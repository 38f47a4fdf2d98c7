package import ATProto
package import Multiformats
import Storage
import UCAN

/// A blob before it is stored: its bytes were hashed outside the change.
package struct UploadedBlob: Sendable, Hashable {
    package let ref: BlobRef
    package let bytes: [UInt8]

    /// - Throws: `PayloadTooLarge`; `InvalidRequest` for an empty blob or a media type that is none.
    package init(bytes: [UInt8], mimeType: String, limits: RepoLimits) throws(ATProtoError) {
        guard bytes.count <= limits.maxBlobBytes else {
            throw ATProtoError("PayloadTooLarge", "a blob has at most \(limits.maxBlobBytes) bytes")
        }
        guard !bytes.isEmpty else { throw ATProtoError("InvalidRequest", "a blob has at least one byte") }
        // What is stored is sent back as a header, so it holds visible characters only.
        guard (3...128).contains(mimeType.utf8.count), mimeType.utf8.contains(UInt8(ascii: "/")),
            mimeType.utf8.allSatisfy({ (0x20..<0x7F).contains($0) })
        else { throw ATProtoError("InvalidRequest", "the media type of the blob is malformed") }
        self.bytes = bytes
        ref = BlobRef(cid: CID.ofBlob(bytes), mimeType: mimeType, size: Int64(bytes.count))
    }
}

/// A page of blobs.
package struct BlobPage: Sendable {
    package let cids: [CID]
    /// The last CID's text; nil at the end.
    package let cursor: String?
}

extension RepoWriter {
    /// Keeps a blob for its account, until a record refers to it only for a time.
    ///
    /// - Throws: `RateLimitExceeded` when the account holds too much that no record refers to.
    package func store(_ blob: UploadedBlob, account: String) throws {
        let expiry = change.now.microseconds + limits.temporaryBlobLifetime
        let known = try change.exists(
            "SELECT 1 FROM blob WHERE account = ?1 AND cid = ?2", [.text(account), blob.ref.cid.digestColumn])
        if known {
            // While it is temporary, an upload of the same bytes renews it and may correct its media type.
            try change.run(
                """
                UPDATE blob SET expires_at = max(expires_at, ?3), mime_type = ?4 \
                WHERE account = ?1 AND cid = ?2 AND expires_at IS NOT NULL
                """,
                [.text(account), blob.ref.cid.digestColumn, .integer(expiry), .text(blob.ref.mimeType)])
            return
        }
        let held = try change.first(
            "SELECT coalesce(sum(size), 0) FROM blob WHERE account = ?1 AND expires_at IS NOT NULL", [.text(account)]
        ) { $0.integer(0) }
        guard (held ?? 0) + blob.ref.size <= limits.maxTemporaryBlobBytes else {
            throw RateLimitExceeded(
                limit: limits.maxTemporaryBlobBytes, remaining: max(0, limits.maxTemporaryBlobBytes - (held ?? 0)),
                retryAfter: Int(limits.temporaryBlobLifetime / 1_000_000),
                message: "the account holds too many blobs that no record refers to")
        }
        try change.run(
            """
            INSERT INTO blob(account, cid, size, reference_count, expires_at, mime_type, bytes) \
            VALUES(?1, ?2, ?3, 0, ?4, ?5, ?6)
            """,
            [
                .text(account), blob.ref.cid.digestColumn, .integer(blob.ref.size), .integer(expiry),
                .text(blob.ref.mimeType), .blob(blob.bytes),
            ])
    }

    /// Deletes some blobs whose time is over; gives how many, fewer than `limit` when none is left.
    package func collectBlobs(limit: Int = 16) throws -> Int {
        try change.run(
            "DELETE FROM blob WHERE id IN (SELECT id FROM blob WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
            [.integer(change.now.microseconds), .integer(limit)])
        return change.changes
    }
}

extension RepoReader {
    /// Gives a blob that a record of this repo refers to; anything else is `BlobNotFound`, so that asking tells nothing
    /// of what is stored (atproto-spaces.md 7.4).
    package func blob(_ cid: CID, of head: RepoHead) throws -> UploadedBlob {
        let blob = try tables.first(
            """
            SELECT mime_type, bytes FROM blob WHERE account = ?1 AND cid = ?2 \
            AND EXISTS(SELECT 1 FROM blob_reference WHERE repo = ?3 AND cid = ?2)
            """,
            [.text(head.author), cid.digestColumn, .integer(head.id)]
        ) { (mimeType: $0.text(0), bytes: $0.bytes(1)) }
        guard let blob, cid.codec == CID.rawCodec, cid.hash.code == .sha2_256 else {
            throw Self.blobNotFound
        }
        try cid.check(blob.bytes, "the blob `\(cid.text)` of `\(head.author)`")
        return UploadedBlob(
            stored: BlobRef(cid: cid, mimeType: blob.mimeType, size: Int64(blob.bytes.count)), blob.bytes)
    }

    /// Gives a blob that a record of any live repo of the space refers to, without authors of whom `isShown` says no; of
    /// several authors the first by DID.
    package func blob(_ cid: CID, of space: SpaceURI, isShown: (String) throws -> Bool) throws -> UploadedBlob {
        var found: String?
        try tables.each(
            """
            SELECT DISTINCT p.author FROM blob_reference f CROSS JOIN repo p ON p.id = f.repo \
            WHERE f.cid = ?2 AND p.space = (SELECT id FROM space_revision WHERE uri = ?1) AND p.status = 0 ORDER BY p.author
            """,
            [.text(space.text), cid.digestColumn]
        ) { row in
            let author = row.text(0)
            guard try isShown(author) else { return true }
            found = author
            return false
        }
        guard let found, let head = try head(space: space, author: found) else { throw Self.blobNotFound }
        return try blob(cid, of: head)
    }

    private static var blobNotFound: ATProtoError {
        ATProtoError("BlobNotFound", "no record of the repo refers to such a blob")
    }

    /// Lists the blobs that records of the repo refer to, by the bytes of their hash; none of a repo that is not there.
    ///
    /// - Parameter since: Names only blobs that were referred to after this revision.
    /// - Throws: `MalformedCursor`.
    package func blobs(of head: RepoHead?, since: TID?, cursor: String?, limit: Int) throws -> BlobPage {
        var after: SQLValue = .blob([])
        if let cursor {
            guard let cid = try? CID(atproto: cursor) else { throw RecordCursor.malformed }
            after = cid.digestColumn
        }
        guard let head else { return BlobPage(cids: [], cursor: nil) }
        let cids = try tables.rows(
            """
            SELECT DISTINCT cid FROM blob_reference WHERE repo = ?1 AND cid > ?2 AND rev > ?3 ORDER BY cid LIMIT ?4
            """,
            [.integer(head.id), after, since?.column ?? .integer(-1), .integer(limit)]
        ) { try CID(blob: $0.bytes(0)) }
        return BlobPage(cids: cids, cursor: cids.count == limit ? cids.last?.text : nil)
    }
}

extension UploadedBlob {
    fileprivate init(stored ref: BlobRef, _ bytes: [UInt8]) {
        self.ref = ref
        self.bytes = bytes
    }
}
