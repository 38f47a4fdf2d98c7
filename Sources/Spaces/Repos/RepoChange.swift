import ATProto
import Multiformats
import Storage
import UCAN

/// One batch on its way: the repo's row, its running set hash and what was written so far.
struct RepoChange {
    let rev: TID
    private(set) var operationCount: Int64 = 0
    private(set) var points: Int64 = 0

    private let change: TableChange
    private let author: String
    private let spaceURI: SpaceURI
    private let head: RepoHead?
    /// The rows' numbers; 0 until the first write of a new repo.
    private var spaceNumber: Int64
    private var repo: Int64
    private var hash: LtHash
    private var recordCount: Int64
    private var blobs: BlobReferences

    /// Reads what the repo holds. A repo without a row is made by its first write.
    init(_ batch: WriteBatch, _ change: TableChange, clockID: UInt16) throws {
        self.change = change
        author = batch.author
        spaceURI = batch.space
        let reader = RepoReader(change)
        let head = try reader.storedHead(space: batch.space, author: batch.author)
        self.head = head
        rev = TID.next(after: head?.rev, microseconds: change.now.microseconds, clockID: clockID)
        hash = try head.map { try reader.hashState(of: $0) } ?? LtHash()
        spaceNumber = head?.spaceNumber ?? 0
        repo = head?.id ?? 0
        recordCount = head?.recordCount ?? 0
        blobs = BlobReferences(change, account: batch.author)
    }

    /// The row of a record that is there.
    private struct Present {
        let id: Int64
        let cid: CID
    }

    mutating func apply(_ write: RecordWrite) throws -> WriteOutcome.Result {
        switch write {
        case .create(let collection, let rkey, let record):
            let key = try rkey?.text ?? freshKey(collection.text)
            guard try find(collection.text, key) == nil else {
                throw ATProtoError("RecordAlreadyExists", "the record `\(collection.text)/\(key)` exists already")
            }
            return try put(collection.text, key, record, over: nil)
        case .update(let collection, let rkey, let record, let swap):
            let present = try find(collection.text, rkey.text)
            try Self.compare(swap, present)
            guard let present else { throw Self.recordNotFound(collection.text, rkey.text) }
            return try put(collection.text, rkey.text, record, over: present)
        case .put(let collection, let rkey, let record, let swap):
            let present = try find(collection.text, rkey.text)
            try Self.compare(swap, present)
            return try put(collection.text, rkey.text, record, over: present)
        case .delete(let collection, let rkey, let swap, let ifPresent):
            let present = try find(collection.text, rkey.text)
            try Self.compare(swap, present)
            guard let present else {
                guard ifPresent else { throw Self.recordNotFound(collection.text, rkey.text) }
                return WriteOutcome.Result(action: nil, collection: collection.text, rkey: rkey.text, cid: nil)
            }
            return try delete(collection.text, rkey.text, present)
        }
    }

    private static func compare(_ swap: RecordSwap, _ present: Present?) throws(ATProtoError) {
        let holds =
            switch swap {
            case .anything: true
            case .absent: present == nil
            case .cid(let text): present.map { UTF8Bytes.equal($0.cid.text, text) } ?? false
            }
        guard holds else { throw ATProtoError("InvalidSwap", "Record CID mismatch") }
    }

    private static func recordNotFound(_ collection: String, _ rkey: String) -> ATProtoError {
        ATProtoError("RecordNotFound", "the record `\(collection)/\(rkey)` does not exist")
    }

    private func find(_ collection: String, _ rkey: String) throws -> Present? {
        try change.first(
            RecordTable.self, [RecordTable.id, RecordTable.cid],
            where: [RecordTable.repo.is(repo), RecordTable.collection.is(collection), RecordTable.rkey.is(rkey)]
        ) { Present(id: $0[RecordTable.id], cid: try CID(record: $0[RecordTable.cid])) }
    }

    /// Gives a TID of this instant that no record of the collection has.
    private func freshKey(_ collection: String) throws -> String {
        var key = TID(microseconds: change.now.microseconds, clockID: UInt16.random(in: 0..<1024))
        while try find(collection, key.text) != nil { key = TID(value: key.value + 1) }
        return key.text
    }

    private mutating func put(
        _ collection: String, _ rkey: String, _ record: PreparedRecord, over present: Present?
    ) throws -> WriteOutcome.Result {
        try makeRow()
        let action: RecordAction = present == nil ? .create : .update
        let id: Int64
        if let present {
            id = present.id
            hash.remove(path: "\(collection)/\(rkey)", cid: present.cid)
            try change.update(
                RecordTable.self,
                [
                    RecordTable.cid.to(record.cid.digestColumn), RecordTable.rev.to(rev.column),
                    RecordTable.value.to(record.bytes),
                ], where: [RecordTable.id.is(id)])
            try blobs.drop(record: id)
        } else {
            recordCount += 1
            id = try change.insert(
                RecordTable.self,
                [
                    RecordTable.space.to(spaceNumber), RecordTable.repo.to(repo),
                    RecordTable.collection.to(collection), RecordTable.rkey.to(rkey),
                    RecordTable.cid.to(record.cid.digestColumn), RecordTable.rev.to(rev.column),
                    RecordTable.value.to(record.bytes),
                ])
        }
        hash.add(path: "\(collection)/\(rkey)", cid: record.cid)
        try blobs.add(record.blobs, record: id, repo: repo, rev: rev)
        try log(action, collection, rkey, cid: record.cid, previous: present?.cid)
        return WriteOutcome.Result(action: action, collection: collection, rkey: rkey, cid: record.cid)
    }

    private mutating func delete(
        _ collection: String, _ rkey: String, _ present: Present
    ) throws -> WriteOutcome.Result {
        hash.remove(path: "\(collection)/\(rkey)", cid: present.cid)
        recordCount -= 1
        try blobs.drop(record: present.id)
        try change.delete(RecordTable.self, where: [RecordTable.id.is(present.id)])
        try log(.delete, collection, rkey, cid: nil, previous: present.cid)
        return WriteOutcome.Result(action: .delete, collection: collection, rkey: rkey, cid: nil)
    }

    private mutating func log(
        _ action: RecordAction, _ collection: String, _ rkey: String, cid: CID?, previous: CID?
    ) throws {
        try change.insert(
            OperationTable.self,
            [
                OperationTable.repo.to(repo), OperationTable.rev.to(rev.column),
                OperationTable.index.to(operationCount), OperationTable.action.to(action.rawValue),
                OperationTable.collection.to(collection), OperationTable.rkey.to(rkey),
                OperationTable.cid.to(cid?.digestColumn), OperationTable.previous.to(previous?.digestColumn),
            ])
        operationCount += 1
        points += action.points
    }

    /// The space's row, made by the first write to the space.
    func space() throws -> SpaceRow { try SpaceRow.find(spaceURI, in: change) }

    /// Gives the first write of a new repo its row.
    private mutating func makeRow() throws {
        guard repo == 0 else { return }
        spaceNumber = try space().number
        repo = try change.insert(
            RepoTable.self,
            RepoTable.empty(
                space: spaceNumber, author: author, .live, rev: rev, prunedThrough: TID(value: 0), hash))
    }

    /// Settles the blobs the batch refers to, or no longer does, once all of its writes are made.
    mutating func finishBlobs(temporaryUntil expiry: Int64) throws { try blobs.settle(temporaryUntil: expiry) }

    /// Writes the repo's row; gives the digest of its set hash. A repo that was deleted lives again, and so does an
    /// orphaned one in a space that admits its author.
    mutating func store(isShown: Bool) throws -> [UInt8] {
        let digest = hash.digest
        let status: RepoStatus =
            switch head?.status {
            case .takenDown: .takenDown
            case .orphaned where !isShown: .orphaned
            default: .live
            }
        try change.update(
            RepoTable.self,
            [
                RepoTable.status.to(status.rawValue), RepoTable.rev.to(rev.column),
                RepoTable.recordCount.to(recordCount), RepoTable.operationCount.adding(operationCount),
                RepoTable.digest.to(digest), RepoTable.state.to(hash.state),
            ], where: [RepoTable.id.is(repo)])
        return digest
    }
}
