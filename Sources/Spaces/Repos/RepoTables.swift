import ATProto
package import Storage

// Revisions are the integer values of TIDs, which order as their texts do; CIDs are the 32 bytes of their SHA-256.

/// The spaces that anything was written to. `rev` is the space's revision, null before its first accepted write. A row
/// stays when the space is deleted, so that a space made again under its name goes on above it.
package enum SpaceRevisionTable: Table {
    package static let id = Column<Int64>("id", at: 0)
    package static let uri = Column<String>("uri", at: 1)
    package static let rev = Column<Int64?>("rev", at: 2)

    package static let schema = TableSchema(
        "space_revision", [id, uri, rev], key: .number(id), indexes: [TableIndex([uri], isUnique: true)])
}

/// One repo per (space, author). `state` is the set hash's 2048 bytes and `digest` their SHA-256. Operations up to
/// `prunedThrough` are no longer in the log. A row that was discarded stands in a space below 0.
package enum RepoTable: Table {
    package static let id = Column<Int64>("id", at: 0)
    package static let space = Column<Int64>("space", at: 1)
    package static let author = Column<String>("author", at: 2)
    package static let status = Column<Int64>("status", at: 3)
    package static let rev = Column<Int64>("rev", at: 4)
    static let recordCount = Column<Int64>("record_count", at: 5)
    static let operationCount = Column<Int64>("operation_count", at: 6)
    static let prunedThrough = Column<Int64>("pruned_through", at: 7)
    static let digest = Column<[UInt8]>("digest", at: 8)
    static let state = Column<[UInt8]>("state", at: 9)

    package static let schema = TableSchema(
        "repo",
        [id, space, author, status, rev, recordCount, operationCount, prunedThrough, digest, state], key: .number(id),
        indexes: [TableIndex([space, author], isUnique: true), TableIndex([author, space])])
}

extension RepoTable {
    /// A row of a repo without records.
    static func empty(
        space: Int64, author: String, _ status: RepoStatus, rev: TID, prunedThrough: TID, _ hash: LtHash
    ) -> [Assignment] {
        [
            Self.space.to(space), Self.author.to(author), Self.status.to(status.rawValue), Self.rev.to(rev.column),
            recordCount.to(0), operationCount.to(0), Self.prunedThrough.to(prunedThrough.column),
            digest.to(hash.digest), state.to(hash.state),
        ]
    }
}

/// The records of all repos.
package enum RecordTable: Table {
    package static let id = Column<Int64>("id", at: 0)
    package static let space = Column<Int64>("space", at: 1)
    package static let repo = Column<Int64>("repo", at: 2)
    package static let collection = Column<String>("collection", at: 3)
    package static let rkey = Column<String>("rkey", at: 4)
    package static let cid = Column<[UInt8]>("cid", at: 5)
    package static let rev = Column<Int64>("rev", at: 6)
    static let path = Column<String>("path", at: 7, computed: .path(collection, rkey))
    static let pathLength = Column<Int64>("path_length", at: 8, computed: .pathLength(collection, rkey))
    package static let value = Column<[UInt8]>("value", at: 9)

    package static let schema = TableSchema(
        "record", [id, space, repo, collection, rkey, cid, rev, path, pathLength, value], key: .number(id),
        indexes: [
            TableIndex([repo, collection, rkey], isUnique: true),
            // The order of an export: shortest path first, then by bytes.
            TableIndex([repo, pathLength, path]),
            // Listings over all repos of a space, oldest write first.
            TableIndex([space, rev]),
        ])
}

/// The operation logs of all repos; `action` is the raw value of a `RecordAction`.
package enum OperationTable: Table {
    package static let repo = Column<Int64>("repo", at: 0)
    package static let rev = Column<Int64>("rev", at: 1)
    package static let index = Column<Int64>("idx", at: 2)
    package static let action = Column<Int64>("action", at: 3)
    package static let collection = Column<String>("collection", at: 4)
    package static let rkey = Column<String>("rkey", at: 5)
    package static let cid = Column<[UInt8]?>("cid", at: 6)
    package static let previous = Column<[UInt8]?>("prev", at: 7)

    package static let schema = TableSchema(
        "operation", [repo, rev, index, action, collection, rkey, cid, previous], key: .columns([repo, rev, index]))
}

/// The writers of a space as its host lists them, whether their repos are here or elsewhere.
package enum SpaceWriterTable: Table {
    static let space = Column<Int64>("space", at: 0)
    static let did = Column<String>("did", at: 1)
    static let rev = Column<Int64>("rev", at: 2)
    static let hash = Column<[UInt8]>("hash", at: 3)
    static let spaceRev = Column<Int64>("space_rev", at: 4)

    package static let schema = TableSchema(
        "space_writer", [space, did, rev, hash, spaceRev], key: .columns([space, did]),
        indexes: [TableIndex([space, spaceRev], isUnique: true)])
}

/// The blobs of accounts. `expiresAt` is in microseconds and null while a record refers to the blob.
package enum BlobTable: Table {
    static let id = Column<Int64>("id", at: 0)
    static let account = Column<String>("account", at: 1)
    static let cid = Column<[UInt8]>("cid", at: 2)
    static let size = Column<Int64>("size", at: 3)
    static let referenceCount = Column<Int64>("reference_count", at: 4)
    static let expiresAt = Column<Int64?>("expires_at", at: 5)
    static let mimeType = Column<String>("mime_type", at: 6)
    static let bytes = Column<[UInt8]>("bytes", at: 7)

    package static let schema = TableSchema(
        "blob", [id, account, cid, size, referenceCount, expiresAt, mimeType, bytes], key: .number(id),
        indexes: [
            TableIndex([account, cid], isUnique: true), TableIndex([expiresAt], where: expiresAt.isNotNull),
            TableIndex([account, size], where: expiresAt.isNotNull),
        ])
}

/// Which records refer to which blobs.
package enum BlobReferenceTable: Table {
    static let record = Column<Int64>("record", at: 0)
    static let cid = Column<[UInt8]>("cid", at: 1)
    static let repo = Column<Int64>("repo", at: 2)
    static let rev = Column<Int64>("rev", at: 3)

    package static let schema = TableSchema(
        "blob_reference", [record, cid, repo, rev], key: .columns([record, cid]),
        indexes: [
            TableIndex([repo, cid, rev]),
            // By which a blob is found where nobody says whose it is, without a look at every repo of the space.
            TableIndex([cid, repo]),
        ])
}

/// Points spent in the running hour and day, windows numbered from 1970.
package enum WriteBudgetTable: Table {
    static let account = Column<String>("account", at: 0)
    static let hour = Column<Int64>("hour", at: 1)
    static let hourPoints = Column<Int64>("hour_points", at: 2)
    static let day = Column<Int64>("day", at: 3)
    static let dayPoints = Column<Int64>("day_points", at: 4)

    package static let schema = TableSchema(
        "write_budget", [account, hour, hourPoints, day, dayPoints], key: .columns([account]))
}

/// Answers under idempotency keys. `request` is the hash of what the key was first used for, `outcome` what it was
/// answered.
package enum WriteKeyTable: Table {
    static let account = Column<String>("account", at: 0)
    static let key = Column<String>("key", at: 1)
    static let request = Column<[UInt8]>("request", at: 2)
    static let outcome = Column<[UInt8]>("outcome", at: 3)
    static let expiresAt = Column<Int64>("expires_at", at: 4)

    package static let schema = TableSchema(
        "write_key", [account, key, request, outcome, expiresAt], key: .columns([account, key]),
        indexes: [TableIndex([expiresAt])])
}

/// The tables of repositories: records, operation log, set hash, blobs, writers of spaces (atproto-spaces.md 7 to 13).
package let repoTables = [
    SpaceRevisionTable.schema, RepoTable.schema, RecordTable.schema, OperationTable.schema, SpaceWriterTable.schema,
    BlobTable.schema, BlobReferenceTable.schema, WriteBudgetTable.schema, WriteKeyTable.schema,
]
