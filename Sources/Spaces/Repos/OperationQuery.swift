package import ATProto
import Multiformats
import Storage

/// An operation with the record it made, where that is still the current one.
package struct LoggedOperation: Sendable {
    package let operation: RepoOperation
    package let action: RecordAction
    /// DAG-CBOR of the record; nil where another took its place, or where values were not asked for.
    package let value: [UInt8]?
}

/// A page of a repo's operation log.
package struct OperationPage: Sendable {
    package let operations: [LoggedOperation]
    /// Where the next page goes on; nil when this page reached the head, which is then committed to.
    package let cursor: String?
}

/// What of a log is asked for; the cursor counts where both are given.
package struct OperationListing: Sendable {
    /// The last revision the reader has.
    package var since: TID?
    package var cursor: String?
    package var limit = 100
    package var includesValues = true

    package init() {}
}

extension RepoReader {
    /// Lists operations by (rev, idx) (atproto-spaces.md 13.5).
    ///
    /// - Throws: `MalformedCursor`; `HistoryUnavailable` when operations after the place asked for were pruned.
    package func operations(
        of head: RepoHead, _ listing: OperationListing, limits: RepoLimits
    ) throws -> OperationPage {
        // Without a cursor every operation of the revision itself counts as seen.
        var after: (rev: TID, index: Int64) = (listing.since ?? TID(value: 0), .max)
        if let cursor = listing.cursor { after = try Self.place(cursor) }
        // A cursor may stand inside its revision, of which the rest would be missing silently.
        guard after.rev > head.prunedThrough || after.rev == head.prunedThrough && listing.cursor == nil else {
            throw ATProtoError(
                "HistoryUnavailable",
                "operations up to `\(head.prunedThrough.text)` are no longer kept; fetch the repo instead")
        }
        // Nothing is logged behind the head.
        guard listing.cursor != nil || after.rev < head.rev else { return OperationPage(operations: [], cursor: nil) }
        var operations: [LoggedOperation] = []
        var places: (rev: TID, index: Int64)?
        var byteCount = 0
        var isFull = false
        try tables.each(
            OperationTable.self,
            where: [
                OperationTable.repo.is(head.id),
                .behind(OperationTable.rev.to(after.rev.column), OperationTable.index.to(after.index)),
            ], order: [OperationTable.rev.ascending, OperationTable.index.ascending], limit: listing.limit
        ) { row in
            let rev = TID(column: row[OperationTable.rev])
            let operation = RepoOperation(
                rev: rev.text, collection: row[OperationTable.collection], rkey: row[OperationTable.rkey],
                cid: try row[OperationTable.cid].map { try CID(record: $0) },
                prev: try row[OperationTable.previous].map { try CID(record: $0) })
            let bytes = listing.includesValues ? try current(operation, of: head) : nil
            byteCount += bytes?.count ?? 0
            operations.append(
                LoggedOperation(
                    operation: operation, action: RecordAction(rawValue: row[OperationTable.action]) ?? .update,
                    value: bytes))
            places = (rev, row[OperationTable.index])
            isFull = operations.count == listing.limit || byteCount >= limits.maxPageBytes
            return !isFull
        }
        let cursor = isFull ? places.map { "\($0.rev.text)/\($0.index)" } : nil
        return OperationPage(operations: operations, cursor: cursor)
    }

    /// The record that an operation made, where it is still the current one.
    private func current(_ operation: RepoOperation, of head: RepoHead) throws -> [UInt8]? {
        guard let cid = operation.cid else { return nil }
        let bytes = try tables.first(
            RecordTable.self, [RecordTable.value],
            where: [
                RecordTable.repo.is(head.id), RecordTable.collection.is(operation.collection),
                RecordTable.rkey.is(operation.rkey), RecordTable.cid.is(cid.digestColumn),
            ]
        ) { $0[RecordTable.value] }
        if let bytes { try cid.check(bytes, "the record `\(head.author)/\(operation.collection)/\(operation.rkey)`") }
        return bytes
    }

    /// Reads `{rev}/{idx}`.
    private static func place(_ text: String) throws(ATProtoError) -> (rev: TID, index: Int64) {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, let rev = try? TID(String(decoding: parts[0], as: UTF8.self)),
            (1...6).contains(parts[1].count), parts[1].allSatisfy({ (0x30...0x39).contains($0) }),
            let index = Int64(String(decoding: parts[1], as: UTF8.self))
        else { throw RecordCursor.malformed }
        return (rev, index)
    }
}
