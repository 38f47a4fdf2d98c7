package import ATProto
package import CapabilityGraph
import Multiformats
package import Storage
import Synchronization
package import UCAN

/// What this host knows of spaces beside their edges, in memory: settings and owners of those that are here, tombstones,
/// which edges carry which setting, and what authorities elsewhere took back.
///
/// A projection of the log: filled by `apply` alone, at each start and by each change. Readers see what is durable; the
/// writer, inside a change, what it has applied so far.
package final class SpaceCatalog: StoreFamily {
    /// One space by its URI.
    struct Entry: Sendable {
        var record: SpaceRecord?
        var tombstone: SpaceTombstone?
        /// The edges that the settings call for.
        var edges: [SpaceEdges.Key: Snapshot.EdgeID] = [:]
    }

    struct State: Sendable {
        var spaces: [String: Entry] = [:]
        /// What authorities elsewhere took back.
        var foreign = ForeignRevocations()
        /// A space of members alone, if there is any; see `SpaceLookup.standIn`.
        var standIn: String?

        /// Keeps `standIn` a space of members alone, after some spaces changed.
        fileprivate mutating func chooseStandIn(_ changed: [String: Entry]) {
            func isSecret(_ uri: String) -> Bool { spaces[uri]?.record?.settings.isOfMembersAlone ?? false }
            if let standIn, isSecret(standIn) { return }
            standIn = changed.keys.first(where: isSecret) ?? (standIn == nil ? nil : spaces.keys.first(where: isSecret))
        }
    }

    private let durable = Mutex(State())
    /// What the writer applied since the last commit; nil stands for an entry that is as it was.
    let pending = Mutex(State())

    package init() {}

    package var family: any Family { PermissionedSpaces() }

    package var tables: [TableSchema] { SpaceTables.all }
    package var projections: [ProjectedTable] { SpaceTables.projections }

    package func commit() {
        pending.withLock { pending in
            guard !pending.isEmpty else { return }
            durable.withLock { durable in
                durable.spaces.merge(pending.spaces) { $1 }
                durable.foreign.merge(pending.foreign)
                durable.chooseStandIn(pending.spaces)
            }
            pending = State()
        }
    }

    package func rollback() { pending.withLock { $0 = State() } }

    /// What is durable, or with `isWorking` what the writer sees.
    func entry(_ uri: String, isWorking: Bool) -> Entry? {
        if isWorking, let found = pending.withLock({ $0.spaces[uri] }) { return found }
        return durable.withLock { $0.spaces[uri] }
    }

    fileprivate var standIn: SpaceRecord? {
        durable.withLock { state in state.standIn.flatMap { state.spaces[$0]?.record } }
    }

    /// All that is durable.
    var everything: State { durable.withLock { $0 } }

    fileprivate func isRevoked(jti: String, space: String, at now: Timestamp, isWorking: Bool) -> Bool {
        durable.withLock { $0.foreign.contains(jti, of: space, at: now) }
            || (isWorking && pending.withLock { $0.foreign.contains(jti, of: space, at: now) })
    }

    /// How many credentials of spaces of an authority elsewhere are remembered as revoked; of all authorities for nil.
    func foreignCount(of authority: String?) -> Int {
        durable.withLock { $0.foreign.count(of: authority) } + pending.withLock { $0.foreign.count(of: authority) }
    }

    /// Lets go of what nobody can show any more.
    package func forget(before now: Timestamp) {
        durable.withLock { $0.foreign.forget(before: now) }
    }
}

/// Which credentials of spaces held elsewhere their authorities took back, and until when that is remembered.
///
/// Anybody can be an authority, so what strangers send costs the same however much is remembered: it is counted as it
/// comes, and what is over goes when the sweep says so.
struct ForeignRevocations: Sendable {
    /// By space, then by `jti`.
    private(set) var revoked: [String: [String: Timestamp]] = [:]
    /// Until when no credential of a space is good.
    private(set) var closed: [String: Timestamp] = [:]
    private var counts: [String: Int] = [:]
    private var total = 0

    var isEmpty: Bool { revoked.isEmpty && closed.isEmpty }

    mutating func insert(_ jti: String, of space: SpaceURI, until: Timestamp) {
        guard revoked[space.text, default: [:]].updateValue(until, forKey: jti) == nil else { return }
        counts[space.authority, default: 0] += 1
        total += 1
    }

    mutating func close(_ space: SpaceURI, until: Timestamp) {
        closed[space.text] = max(closed[space.text] ?? until, until)
    }

    func contains(_ jti: String, of space: String, at now: Timestamp) -> Bool {
        (revoked[space]?[jti]).map { now < $0 } ?? false || closed[space].map { now < $0 } ?? false
    }

    func count(of authority: String?) -> Int { authority.map { counts[$0] ?? 0 } ?? total }

    mutating func merge(_ other: ForeignRevocations) {
        for (space, found) in other.revoked {
            guard let uri = try? SpaceURI(space) else { continue }
            for (jti, until) in found { insert(jti, of: uri, until: until) }
        }
        closed.merge(other.closed) { max($0, $1) }
    }

    mutating func forget(before now: Timestamp) {
        for (space, found) in revoked {
            let kept = found.filter { now < $0.value }
            let gone = found.count - kept.count
            guard gone > 0, let authority = try? SpaceURI(space).authority else { continue }
            revoked[space] = kept.isEmpty ? nil : kept
            total -= gone
            counts[authority] = counts[authority].flatMap { $0 > gone ? $0 - gone : nil }
        }
        closed = closed.filter { now < $0.value }
    }
}

extension SpaceCatalog.State {
    fileprivate var isEmpty: Bool { spaces.isEmpty && foreign.isEmpty }
}

/// Finds spaces as they stand: for readers what is durable, inside a change what it has made so far.
package struct SpaceLookup: Sendable {
    private let catalog: SpaceCatalog
    private let isWorking: Bool

    fileprivate init(_ catalog: SpaceCatalog, isWorking: Bool) {
        self.catalog = catalog
        self.isWorking = isWorking
    }

    /// A space that is here and not deleted.
    package func space(_ uri: SpaceURI) -> SpaceRecord? { entry(uri)?.record }

    /// What is left of a deleted space, which nobody made again.
    package func tombstone(_ uri: SpaceURI) -> SpaceTombstone? { entry(uri)?.tombstone }

    /// A space that answers in the place of one that is not there, so that its absence takes no less time (design law 9):
    /// one of members alone, which is what those who must not learn of a space are kept out of.
    var standIn: SpaceRecord? { catalog.standIn }

    /// The edge that carries one setting of a space, for one subject or for any.
    func edge(of uri: SpaceURI, _ role: SpaceEdges.Role, subject: DID? = nil) -> Snapshot.EdgeID? {
        guard let entry = entry(uri) else { return nil }
        if let subject { return entry.edges[SpaceEdges.Key(role: role, subject: subject.text)] }
        return entry.edges.filter { $0.key.role == role }.values.max()
    }

    func edges(of uri: SpaceURI) -> [SpaceEdges.Key: Snapshot.EdgeID] { entry(uri)?.edges ?? [:] }

    /// True when the authority of a space elsewhere took a credential back, or more than is kept.
    func isRevoked(jti: String, space: SpaceURI, at now: Timestamp) -> Bool {
        catalog.isRevoked(jti: jti, space: space.text, at: now, isWorking: isWorking)
    }

    private func entry(_ uri: SpaceURI) -> SpaceCatalog.Entry? { catalog.entry(uri.text, isWorking: isWorking) }
}

extension GraphStore {
    /// The spaces as they durably stand. Taken after the graph they are never behind it.
    package var spaces: SpaceLookup {
        get throws { SpaceLookup(try catalog, isWorking: false) }
    }

    var catalog: SpaceCatalog {
        get throws(StorageError) {
            guard let catalog = family(SpaceCatalog.self) else { throw SpaceCatalog.missing }
            return catalog
        }
    }
}

extension TableChange {
    /// The spaces with all that was changed so far.
    package var spaces: SpaceLookup {
        get throws { SpaceLookup(try catalog, isWorking: true) }
    }

    var catalog: SpaceCatalog {
        get throws(StorageError) {
            guard let catalog = family(SpaceCatalog.self) else { throw SpaceCatalog.missing }
            return catalog
        }
    }
}

extension SpaceCatalog {
    fileprivate static let missing = StorageError(.internal, "the store was opened without its spaces")
}
