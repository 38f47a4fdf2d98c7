import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import UCAN

@testable import Spaces

/// A store on a real file, a clock that goes where the test wants it, and short words for writes.
final class RepoRig {
    static let authority = "did:web:authority.example"
    static let space: SpaceURI = {
        guard let uri = try? SpaceURI("at://did:web:authority.example/space/com.example.forum/main") else {
            fatalError("the space of the tests has a sound name")
        }
        return uri
    }()
    static let alice = "did:web:alice.example"
    static let bob = "did:web:bob.example"
    static let start: Int64 = 1_700_000_000_000_000

    let folder = TemporaryFolder()
    let store: GraphStore
    var limits = RepoLimits() { didSet { repos = RepoStore(store, limits: limits, observer: observer) } }
    private(set) var repos: RepoStore
    let observer = Advances()
    var now = RepoRig.start

    /// Keeps what an observer of repos is told.
    final class Advances: RepoObserver {
        private let all = Locked<[RepoAdvance]>([])
        func repoAdvanced(_ advance: RepoAdvance, in change: TableChange) { all.withLock { $0.append(advance) } }
        var list: [RepoAdvance] { all.withLock { $0 } }
    }

    init() throws {
        store = try GraphStore.open(
            path: folder.path + "/log.sqlite", families: .standard(), at: Timestamp(seconds: 1_700_000_000))
        limits.hourlyPoints = 1 << 40
        limits.dailyPoints = 1 << 40
        repos = RepoStore(store, limits: limits, observer: observer)
    }

    deinit { store.close() }

    var time: Timestamp { Timestamp(microseconds: now) }

    static func record(_ text: String, _ collection: String = "com.example.post") throws -> PreparedRecord {
        try PreparedRecord(json: ["text": .string(text)], collection: collection)
    }

    static func put(
        _ rkey: String, _ text: String, _ swap: RecordSwap = .anything, in collection: String = "com.example.post"
    ) throws -> RecordWrite {
        try .put(collection: NSID(collection), rkey: RecordKey(rkey), record(text, collection), swap)
    }

    static func create(_ rkey: String?, _ text: String, in collection: String = "com.example.post") throws
        -> RecordWrite
    {
        try .create(collection: NSID(collection), rkey: rkey.map { try RecordKey($0) }, record(text, collection))
    }

    static func update(_ rkey: String, _ text: String, _ swap: RecordSwap = .anything) throws -> RecordWrite {
        try .update(collection: NSID("com.example.post"), rkey: RecordKey(rkey), record(text), swap)
    }

    static func delete(
        _ rkey: String, _ swap: RecordSwap = .anything, ifPresent: Bool = false
    ) throws -> RecordWrite {
        try .delete(collection: NSID("com.example.post"), rkey: RecordKey(rkey), swap, ifPresent: ifPresent)
    }

    @discardableResult
    func write(
        _ writes: [RecordWrite], by author: String = RepoRig.alice, to space: SpaceURI = RepoRig.space,
        swapCommit: String? = nil, key: String? = nil
    ) throws -> WriteOutcome {
        try repos.applyWrites(
            WriteBatch(space: space, author: author, writes: writes, swapCommit: swapCommit, idempotencyKey: key),
            at: time)
    }

    /// The name of the refusal, nil when there is none.
    func refusal(_ body: () throws -> Void) throws -> String? {
        do {
            try body()
            return nil
        } catch let error as ATProtoError {
            return error.name
        } catch is RateLimitExceeded {
            return "RateLimitExceeded"
        }
    }

    func head(_ author: String = RepoRig.alice, _ space: SpaceURI = RepoRig.space) throws -> RepoHead? {
        try repos.read { try $0.head(space: space, author: author) }
    }

    /// All records of a repo by path, read page by page.
    func records(
        _ author: String = RepoRig.alice, _ space: SpaceURI = RepoRig.space, pageSize: Int = 1000
    ) throws -> [String: CID] {
        guard let head = try head(author, space) else { return [:] }
        var listing = RecordListing()
        listing.limit = pageSize
        var found: [String: CID] = [:]
        repeat {
            let page = try repos.read { try $0.records(of: head, listing, limits: limits) }
            for record in page.records { found["\(record.collection)/\(record.rkey)"] = record.cid }
            listing.cursor = page.cursor
        } while listing.cursor != nil
        return found
    }

    /// The whole log of a repo, read page by page.
    func operations(
        _ author: String = RepoRig.alice, _ space: SpaceURI = RepoRig.space, since: TID? = nil, pageSize: Int = 1000
    ) throws -> [LoggedOperation] {
        guard let head = try head(author, space) else { return [] }
        var listing = OperationListing()
        listing.limit = pageSize
        listing.since = since
        var found: [LoggedOperation] = []
        repeat {
            let page = try repos.read { try $0.operations(of: head, listing, limits: limits) }
            found += page.operations
            listing.cursor = page.cursor
        } while listing.cursor != nil
        return found
    }

    /// An export as its reader gets it.
    func archive(
        _ author: String, _ space: SpaceURI = RepoRig.space, key: PrivateKey, for viewer: RepoViewer = .reader,
        excludeValues: Bool = false
    ) throws -> [UInt8] {
        let export = try repos.export(
            space: space, author: author, for: viewer, by: .named("reader"), excludeValues: excludeValues
        ) {
            try $0.commit(with: key)
        }
        var bytes: [UInt8] = []
        while let piece = try export.next() { bytes += piece }
        return bytes
    }
}
