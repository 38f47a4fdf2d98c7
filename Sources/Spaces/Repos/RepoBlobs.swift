package import ATProto
package import Multiformats
import Storage
import UCAN

/// A blob before it is stored: its bytes were hashed outside the change.
package struct UploadedBlob: Sendable, Hashable {
    package let ref: BlobRef
    package let bytes: [UInt8]

    /// A media type that is none is what `application/octet-stream` says (RFC 9110 8.3).
    ///
    /// - Throws: `PayloadTooLarge`; `InvalidRequest` for an empty blob.
    package init(bytes: [UInt8], mimeType: String, limits: RepoLimits) throws(ATProtoError) {
        guard bytes.count <= limits.maxBlobBytes else {
            throw ATProtoError("PayloadTooLarge", "a blob has at most \(limits.maxBlobBytes) bytes")
        }
        guard !bytes.isEmpty else { throw ATProtoError("InvalidRequest", "a blob has at least one byte") }
        let mimeType = MediaType.isValid(mimeType) ? mimeType : MediaType.bytes
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
    /// Keeps a blob for its account, until a record refers to it only for a time; gives what a record refers to it by.
    ///
    /// The same bytes again are the blob that is there, under the media type it has: whatever answer a client goes by,
    /// it can be used.
    ///
    /// - Throws: `RateLimitExceeded` when the account holds too much that no record refers to.
    package func store(_ blob: UploadedBlob, account: String) throws -> BlobRef {
        let expiry = change.now.microseconds + limits.temporaryBlobLifetime
        let place = [BlobTable.account.is(account), BlobTable.cid.is(blob.ref.cid.digestColumn)]
        let known = try change.first(BlobTable.self, [BlobTable.expiresAt, BlobTable.mimeType], where: place) {
            (expiresAt: $0[BlobTable.expiresAt], mimeType: $0[BlobTable.mimeType])
        }
        if let known {
            if let until = known.expiresAt {
                try change.update(BlobTable.self, [BlobTable.expiresAt.to(max(until, expiry))], where: place)
            }
            return BlobRef(cid: blob.ref.cid, mimeType: known.mimeType, size: blob.ref.size)
        }
        let held = try change.sum(
            BlobTable.size, of: BlobTable.self,
            where: [BlobTable.account.is(account), BlobTable.expiresAt.isNotNull])
        guard held + blob.ref.size <= limits.maxTemporaryBlobBytes else {
            throw RateLimitExceeded(
                limit: limits.maxTemporaryBlobBytes, remaining: max(0, limits.maxTemporaryBlobBytes - held),
                retryAfter: Int(limits.temporaryBlobLifetime / 1_000_000),
                message: "the account holds too many blobs that no record refers to")
        }
        try change.insert(
            BlobTable.self,
            [
                BlobTable.account.to(account), BlobTable.cid.to(blob.ref.cid.digestColumn),
                BlobTable.size.to(blob.ref.size), BlobTable.referenceCount.to(0), BlobTable.expiresAt.to(expiry),
                BlobTable.mimeType.to(blob.ref.mimeType), BlobTable.bytes.to(blob.bytes),
            ])
        return blob.ref
    }

    /// Deletes some blobs whose time is over; gives how many, fewer than `limit` when none is left.
    package func collectBlobs(limit: Int = 16) throws -> Int {
        let isOver = BlobTable.expiresAt.isAtMost(change.now.microseconds)
        let numbers = try change.rows(
            BlobTable.self, [BlobTable.id], where: [isOver], order: [BlobTable.expiresAt.ascending], limit: limit
        ) { $0[BlobTable.id] }
        // What a record referred to meanwhile stays.
        return try numbers.reduce(0) { count, number in
            try count + change.delete(BlobTable.self, where: [BlobTable.id.is(number), isOver])
        }
    }
}

extension RepoReader {
    /// Gives a blob that a record of this repo refers to; anything else is `BlobNotFound`, so that asking tells nothing
    /// of what is stored (atproto-spaces.md 7.4).
    package func blob(_ cid: CID, of head: RepoHead) throws -> UploadedBlob {
        let isReferredTo = try tables.exists(
            BlobReferenceTable.self,
            where: [BlobReferenceTable.repo.is(head.id), BlobReferenceTable.cid.is(cid.digestColumn)])
        let blob = try tables.first(
            BlobTable.self, [BlobTable.mimeType, BlobTable.bytes],
            where: [BlobTable.account.is(head.author), BlobTable.cid.is(cid.digestColumn)]
        ) { (mimeType: $0[BlobTable.mimeType], bytes: $0[BlobTable.bytes]) }
        guard isReferredTo, let blob, cid.codec == CID.rawCodec, cid.hash.code == .sha2_256 else {
            throw Self.blobNotFound
        }
        try cid.check(blob.bytes, "the blob `\(cid.text)` of `\(head.author)`")
        return UploadedBlob(
            stored: BlobRef(cid: cid, mimeType: blob.mimeType, size: Int64(blob.bytes.count)), blob.bytes)
    }

    /// Gives a blob that a record of any live repo of the space refers to, without authors of whom `isShown` says no; of
    /// several authors the first by DID.
    package func blob(_ cid: CID, of space: SpaceURI, isShown: (String) throws -> Bool) throws -> UploadedBlob {
        guard let number = try number(of: space) else { throw Self.blobNotFound }
        var authors: Set<String> = []
        try tables.each(
            BlobReferenceTable.self, [BlobReferenceTable.repo],
            where: [BlobReferenceTable.cid.is(cid.digestColumn)]
        ) { reference in
            let author = try tables.first(
                RepoTable.self, [RepoTable.author],
                where: [
                    RepoTable.id.is(reference[BlobReferenceTable.repo]), RepoTable.space.is(number),
                    RepoTable.status.is(RepoStatus.live.rawValue),
                ]
            ) { $0[RepoTable.author] }
            if let author { authors.insert(author) }
            return true
        }
        let found = try authors.sorted(by: UTF8Bytes.precedes).first { try isShown($0) }
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
        var after: [UInt8] = []
        if let cursor {
            guard let cid = try? CID(atproto: cursor) else { throw RecordCursor.malformed }
            after = cid.digestColumn
        }
        guard let head else { return BlobPage(cids: [], cursor: nil) }
        var cids: [CID] = []
        var last: [UInt8]?
        try tables.each(
            BlobReferenceTable.self, [BlobReferenceTable.cid],
            where: [
                BlobReferenceTable.repo.is(head.id), BlobReferenceTable.cid.isAbove(after),
                BlobReferenceTable.rev.isAbove(since?.column ?? -1),
            ], order: [BlobReferenceTable.cid.ascending]
        ) { row in
            let digest = row[BlobReferenceTable.cid]
            // Several records may refer to one.
            if digest != last { cids.append(try CID(blob: digest)) }
            last = digest
            return cids.count < limit
        }
        return BlobPage(cids: cids, cursor: cids.count == limit ? cids.last?.text : nil)
    }
}

extension UploadedBlob {
    fileprivate init(stored ref: BlobRef, _ bytes: [UInt8]) {
        self.ref = ref
        self.bytes = bytes
    }
}
