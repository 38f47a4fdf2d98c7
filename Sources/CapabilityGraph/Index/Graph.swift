import Multiformats
import Synchronization

/// Holds the authority graph in memory: 32-bit ids in columns, one writer, any number of readers without locks.
///
/// A reader takes a `Snapshot` (one atomic load of the revision) and sees exactly the edges admitted and ended up to
/// that revision, whatever the writer does meanwhile. The writer works through `GraphWriter`.
public final class Graph: @unchecked Sendable {
    // @unchecked: every mutable cell is either atomic or written by the one writer before `revision` publishes it.
    public let families: Families
    public let registry: AbilityRegistry
    public let limits: GraphLimits

    let terms: TermTable
    let spaces: SpaceNumbering
    let resources: Resources
    let lists: EdgeLists
    let room: UnhostedRoom

    let edges: Column<EdgeRow>
    let info: Column<EdgeInfo>
    let ids: Column<Digest>
    /// The first half of each statement's SHA-256: finding another with the same half takes 2^64 signatures of one's own.
    let statements: Column<StatementKey>
    let issueTimes: IssueTimes
    let proofs: Column<UInt32>
    let capabilities: Column<CapabilityRow>
    let supports: Column<UInt32>
    let aliases: Column<AliasRow>
    let endings: Endings
    /// What only questions ask for; neither admission nor check knows of it.
    let questions = QuestionIndex()

    let edgesByID: SlotTable
    let edgesByStatement: SlotTable
    let aliasesByID: SlotTable
    /// Newest capability of each (audience, resource) group.
    let groups: SlotTable
    let hashing: KeyedHash

    // Only the writer changes these, and none is passed inout to what could reach it again, so the check for that is off.
    @exclusivity(unchecked) var edgeCount = 0
    @exclusivity(unchecked) var capabilityCount = 0
    @exclusivity(unchecked) var proofCount = 0
    @exclusivity(unchecked) var supportCount = 0
    var aliasCount = 0
    private let publishedRevision = Atomic<UInt32>(0)

    public init(families: Families, limits: GraphLimits = GraphLimits()) throws(GraphError) {
        self.families = families
        registry = families.registry
        self.limits = limits
        hashing = KeyedHash()
        terms = try TermTable(limits: limits, hashing: hashing)
        spaces = try SpaceNumbering(limits: limits)
        resources = try Resources(limits: limits, hashing: hashing)
        lists = try EdgeLists(limits: limits, hashing: hashing)
        room = try UnhostedRoom(limits: limits)
        edges = try Column(capacity: limits.maxEdges)
        info = try Column(capacity: limits.maxEdges + 1)
        ids = try Column(capacity: limits.maxEdges)
        statements = try Column(capacity: limits.maxEdges)
        issueTimes = try IssueTimes(limits: limits)
        proofs = try Column(capacity: limits.maxEdges * 4)
        capabilities = try Column(capacity: limits.maxEdges * 4)
        supports = try Column(capacity: limits.maxEdges * 8)
        aliases = try Column(capacity: limits.maxEdges)
        endings = Endings()
        edgesByID = try SlotTable()
        edgesByStatement = try SlotTable()
        aliasesByID = try SlotTable()
        groups = try SlotTable()
    }

    deinit {
        edges.release()
        info.release()
        ids.release()
        statements.release()
        proofs.release()
        capabilities.release()
        supports.release()
        aliases.release()
    }

    /// The newest revision readers may see.
    public var revision: UInt32 { publishedRevision.load(ordering: .acquiring) }

    private let publishedEdges = Atomic<UInt32>(0)

    /// The number of edges readers may see.
    var visibleEdgeCount: Int { Int(publishedEdges.load(ordering: .acquiring)) }

    /// Bytes of interned names and paths, which any index of the same edges would hold as well.
    public var internedByteCount: Int { terms.byteCount + resources.byteCount }

    /// Edges kept for spaces that are not hosted here, and the bytes of their records, as the open batch has them.
    public var unhosted: (edges: Int, bytes: Int) {
        (room.edgeCount.load(ordering: .relaxed), room.byteCount.load(ordering: .relaxed))
    }

    func publish(_ revision: UInt32) {
        publishedEdges.store(UInt32(edgeCount), ordering: .releasing)
        publishedRevision.store(revision, ordering: .releasing)
    }

    /// Returns a view of the graph as it is now.
    public func snapshot() -> Snapshot { Snapshot(graph: self, revision: revision) }

    /// Returns a view of the graph as it was at an earlier revision.
    public func snapshot(at revision: UInt32) -> Snapshot {
        Snapshot(graph: self, revision: min(revision, self.revision))
    }

    // MARK: revisions

    /// Read by walks that meet an edge before it is committed, or after it was taken back; so it is atomic.
    @inline(__always)
    func admittedAt(_ edge: UInt32) -> UInt32 { edges.base[Int(edge)].admittedAt.load(ordering: .relaxed) }

    func setAdmitted(_ edge: UInt32, at revision: UInt32) {
        edges.base[Int(edge)].admittedAt.store(revision, ordering: .relaxed)
    }

    /// The revision at which the edge was ended, 0 while it is not.
    @inline(__always)
    func endedAt(_ edge: UInt32) -> UInt32 { edges.base[Int(edge)].endedAt.load(ordering: .acquiring) }

    func setEnded(_ edge: UInt32, at revision: UInt32) {
        edges.base[Int(edge)].endedAt.store(revision, ordering: .releasing)
    }

    // MARK: parts of an edge

    @inline(__always)
    func issuer(_ edge: UInt32) -> UInt32 { edges.base[Int(edge)].issuer }

    @inline(__always)
    func audience(_ edge: UInt32) -> UInt32 { edges.base[Int(edge)].audience }

    /// The window of an edge, in microseconds since 1970; the end is `Int64.max` when it never expires.
    @inline(__always)
    func window(_ edge: UInt32) -> (notBefore: Int64, expires: Int64) {
        (edges.base[Int(edge)].notBefore, edges.base[Int(edge)].expires)
    }

    /// The capabilities of an edge in signed order.
    @inline(__always)
    func capabilities(of edge: UInt32) -> Range<UInt32> {
        // The next row may be in the writer's hands, all but this one field of it.
        info[edge].capabilityStart..<(info.base + Int(edge + 1)).pointee.capabilityStart
    }

    // MARK: keys

    @inline(__always)
    func hash(_ digest: Digest) -> UInt64 { hashing.hash(digest.w0 ^ digest.w2, digest.w1 ^ digest.w3) }

    @inline(__always)
    func hash(_ key: StatementKey) -> UInt64 { hashing.hash(key.first, key.second) }

    func groupHash(of capability: UInt32) -> UInt64 {
        let row = capabilities[capability]
        return resources.groupHash(audience: self.audience(row.edge), resource: row.resource)
    }

    /// One of the proofs an edge cites, by its place.
    @inline(__always)
    func proof(_ offset: UInt32, of info: EdgeInfo) -> UInt32 {
        info.proofCount == 1 ? info.proof : proofs[info.proof + offset]
    }

    /// When the edge's token says it was issued, in microseconds since 1970.
    func issuedAt(_ edge: UInt32) -> Int64? {
        info[edge].flags.contains(.hasIssuedAt) ? issueTimes[edge] : nil
    }

    /// Makes room in the tables for so many edges, so that a log of known length is replayed without growing them.
    func reserve(edges: Int) throws(GraphError) {
        let edges = min(edges, limits.maxEdges)
        try edgesByID.reserve(edges)
        try edgesByStatement.reserve(edges)
        try groups.reserve(edges)
        try resources.reserve(edges)
        if edges >= Self.largePagesFrom { useLargePages() }
    }

    /// From so many edges on large pages gain more than they may leave unused.
    static let largePagesFrom = 1 << 17

    /// Asks for large pages, once the index is large enough to gain by them.
    func useLargePages() {
        edges.useLargePages()
        capabilities.useLargePages()
        resources.useLargePages()
    }

    /// The edge with this id in any state, admitted or still uncommitted.
    func edge(id: Digest) -> UInt32? {
        edgesByID.find(hash(id)) { ids[$0] == id }
    }

    func edge(statement: StatementKey) -> UInt32? {
        edgesByStatement.find(hash(statement)) { statements[$0] == statement }
    }

    func edge(statement: Digest) -> UInt32? {
        edge(statement: StatementKey(statement))
    }

    func alias(id: Digest) -> UInt32? {
        aliasesByID.find(hash(id)) { aliases[$0].id == id }
    }
}

/// A second encoding of a statement that is already an edge.
struct AliasRow {
    var id: Digest
    var edge: UInt32
    var admittedAt: UInt32
}

/// Half of a statement's hash.
struct StatementKey: Equatable, BitwiseCopyable {
    var first: UInt64
    var second: UInt64

    init(_ digest: Digest) {
        first = digest.w0
        second = digest.w1
    }
}
