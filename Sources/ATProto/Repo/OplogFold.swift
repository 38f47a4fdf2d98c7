public import Multiformats

/// Names one write of a repo's operation log (atproto-spaces.md 7.3).
public struct RepoOperation: Hashable, Sendable {
    public let rev: String
    public let collection: String
    public let rkey: String
    /// The record's CID afterwards; nil when it was deleted.
    public let cid: CID?
    /// The record's CID before; nil when it was created.
    public let prev: CID?

    public init(rev: String, collection: String, rkey: String, cid: CID?, prev: CID?) {
        self.rev = rev
        self.collection = collection
        self.rkey = rkey
        self.cid = cid
        self.prev = prev
    }

    public var path: String { "\(collection)/\(rkey)" }
}

/// Applies operations to a copy of a repo and its set hash, and says when the copy can no longer be trusted
/// (atproto-spaces.md 11).
public struct OplogFold: Sendable {
    public private(set) var hash: LtHash
    /// The CID of each record by path.
    public private(set) var records: [String: CID]
    /// The revision of the last operation, or of the commit the copy was made from.
    public private(set) var rev: String?

    /// Starts from a verified copy; an empty one by default.
    public init(records: [String: CID] = [:], rev: String? = nil) {
        var hash = LtHash()
        for (path, cid) in records { hash.add(path: path, cid: cid) }
        self.hash = hash
        self.records = records
        self.rev = rev
    }

    /// Applies the next operation, in the order (rev, idx) the host gives.
    ///
    /// - Throws: `OplogInconsistent` when it goes back in time, changes nothing, or its `prev` is not what the copy
    ///   holds: the copy has to be fetched anew. The fold is unchanged then.
    public mutating func apply(_ operation: RepoOperation) throws(ATProtoError) {
        // Revisions are 13 ASCII characters whose order is that of their bytes.
        if let rev, UTF8Bytes.precedes(operation.rev, rev) {
            throw Self.inconsistent("an operation at `\(operation.rev)` follows the revision `\(rev)`")
        }
        guard RecordPath.isValid(operation.path) else {
            throw Self.inconsistent("an operation names no collection and record key")
        }
        guard operation.cid != nil || operation.prev != nil else {
            throw Self.inconsistent("an operation has neither a record before nor after it")
        }
        guard records[operation.path] == operation.prev else {
            throw Self.inconsistent("the record `\(operation.path)` before an operation is not the one it names")
        }
        if let prev = operation.prev { hash.remove(path: operation.path, cid: prev) }
        if let cid = operation.cid { hash.add(path: operation.path, cid: cid) }
        records[operation.path] = operation.cid
        rev = operation.rev
    }

    /// Compares the copy with a commit whose MAC and signature were verified before.
    ///
    /// - Throws: `SetHashMismatch` or `CommitRevMismatch`: the copy has to be fetched anew.
    public func check(against commit: SignedCommit) throws(ATProtoError) {
        if let rev, UTF8Bytes.precedes(commit.rev, rev) {
            throw ATProtoError("CommitRevMismatch", "the commit at `\(commit.rev)` is older than the copy")
        }
        guard hash.digest == commit.hash else {
            throw ATProtoError("SetHashMismatch", "the set hash of the copy is not that of the commit")
        }
    }

    private static func inconsistent(_ message: String) -> ATProtoError { ATProtoError("OplogInconsistent", message) }
}
