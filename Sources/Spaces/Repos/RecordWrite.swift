package import ATProto
package import Multiformats
import UCAN

/// Says what a write expects to find (atproto-spaces.md 7.2).
package enum RecordSwap: Sendable, Hashable {
    case anything
    /// No record may be there.
    case absent
    /// The record's CID, as given by the caller; a text that is no CID fits no record.
    case cid(String)
}

/// One write of a batch, checked in syntax and encoded before it gets here.
package enum RecordWrite: Sendable, Hashable {
    /// Never overwrites; without a key the record gets a TID.
    case create(collection: NSID, rkey: RecordKey?, PreparedRecord)
    /// Refuses where nothing is.
    case update(collection: NSID, rkey: RecordKey, PreparedRecord, RecordSwap)
    /// Creates or overwrites.
    case put(collection: NSID, rkey: RecordKey, PreparedRecord, RecordSwap)
    /// Refuses where nothing is, unless `ifPresent`.
    case delete(collection: NSID, rkey: RecordKey, RecordSwap, ifPresent: Bool)

    package var collection: NSID {
        switch self {
        case .create(let collection, _, _), .update(let collection, _, _, _), .put(let collection, _, _, _),
            .delete(let collection, _, _, _):
            collection
        }
    }
}

extension RecordWrite {
    /// What the gate is asked about it.
    var item: WriteItem {
        switch self {
        case .create(let collection, _, _): WriteItem(.create, collection: collection.text)
        case .update(let collection, _, _, _): WriteItem(.update, collection: collection.text)
        case .put(let collection, _, _, _): WriteItem(.put, collection: collection.text)
        case .delete(let collection, _, _, _): WriteItem(.delete, collection: collection.text)
        }
    }
}

/// Says what a write did; the raw value is its name in the operation log.
package enum RecordAction: Int64, Sendable, Hashable {
    case create = 0
    case update = 1
    case delete = 2

    /// Points of the write budget (atproto-spaces.md 7).
    package var points: Int64 {
        switch self {
        case .create: 3
        case .update: 2
        case .delete: 1
        }
    }

    package var name: String {
        switch self {
        case .create: "create"
        case .update: "update"
        case .delete: "delete"
        }
    }
}

/// Writes of one author to one space that are all made or not at all.
package struct WriteBatch: Sendable {
    package let space: SpaceURI
    package let author: String
    package let writes: [RecordWrite]
    /// The space's revision the caller expects; the empty text expects none.
    package var swapCommit: String?
    /// A text of the caller under which the same batch, sent again, is answered as the first time.
    package var idempotencyKey: String?
    /// Whom the batch concerns besides its author.
    package var reach: WriteReach
    /// Whether the author may be told what revision the space is at, and so compare it.
    package var knowsSpace = true

    package init(
        space: SpaceURI, author: String, writes: [RecordWrite], swapCommit: String? = nil,
        idempotencyKey: String? = nil, reach: WriteReach = .space
    ) {
        self.space = space
        self.author = author
        self.writes = writes
        self.swapCommit = swapCommit
        self.idempotencyKey = idempotencyKey
        self.reach = reach
    }
}

/// Whom a write concerns besides its author.
package enum WriteReach: Sendable {
    /// The space is hosted here: it advances, lists the author among its writers and tells its followers.
    case space
    /// The space is hosted elsewhere, where the write is told of.
    case elsewhere
    /// Nobody: the space of the repo was deleted, and none that was made anew shows it.
    case author
}

extension WriteBatch {
    /// What the gate is asked for it.
    package var operation: Operation {
        .write(author: DID(trusted: author), writes.map(\.item))
    }
}

/// What became of a batch.
package struct WriteOutcome: Sendable, Hashable {
    /// What became of one write; results stand in the order of the writes.
    package struct Result: Sendable, Hashable {
        /// Nil when a deletion found nothing.
        package let action: RecordAction?
        package let collection: String
        package let rkey: String
        /// Nil after a deletion.
        package let cid: CID?

        package init(action: RecordAction?, collection: String, rkey: String, cid: CID?) {
            self.action = action
            self.collection = collection
            self.rkey = rkey
            self.cid = cid
        }
    }

    package let results: [Result]
    /// What was committed; nil when nothing changed.
    package let commit: RepoAdvance?
    /// True when the batch was committed before under the same idempotency key.
    package var isRepeated = false

    package init(results: [Result], commit: RepoAdvance?, isRepeated: Bool = false) {
        self.results = results
        self.commit = commit
        self.isRepeated = isRepeated
    }
}

/// One step of a repo, and of its space with it: what notifications tell.
package struct RepoAdvance: Sendable, Hashable {
    package let space: SpaceURI
    package let author: String
    package let rev: TID
    /// Set-hash digest after the step, 32 bytes.
    package let hash: [UInt8]
    package let spaceRev: TID
    /// Nil at the space's first accepted write.
    package let previousSpaceRev: TID?

    package init(
        space: SpaceURI, author: String, rev: TID, hash: [UInt8], spaceRev: TID, previousSpaceRev: TID?
    ) {
        self.space = space
        self.author = author
        self.rev = rev
        self.hash = hash
        self.spaceRev = spaceRev
        self.previousSpaceRev = previousSpaceRev
    }
}
