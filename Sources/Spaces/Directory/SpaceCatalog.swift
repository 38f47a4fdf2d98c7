package import ATProto
import CapabilityGraph
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
        /// Until when each credential of a space elsewhere is known to be revoked, by `jti`.
        var foreign: [String: [String: Timestamp]] = [:]
        /// Until when no credential of a space elsewhere is good.
        var blackouts: [String: Timestamp] = [:]
    }

    private let durable = Mutex(State())
    /// What the writer applied since the last commit; nil stands for an entry that is as it was.
    let pending = Mutex(State())

    package init() {}

    package var projections: [ProjectedTable] { SpaceTables.projections }

    package func commit() {
        pending.withLock { pending in
            guard !pending.isEmpty else { return }
            durable.withLock { durable in
                durable.spaces.merge(pending.spaces) { $1 }
                durable.blackouts.merge(pending.blackouts) { max($0, $1) }
                for (space, revoked) in pending.foreign { durable.foreign[space, default: [:]].merge(revoked) { $1 } }
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

    /// All that is durable.
    var everything: State { durable.withLock { $0 } }

    fileprivate func isRevoked(jti: String, space: String, at now: Timestamp, isWorking: Bool) -> Bool {
        func found(_ state: borrowing State) -> Bool {
            (state.foreign[space]?[jti]).map { now < $0 } ?? false || state.blackouts[space].map { now < $0 } ?? false
        }
        return durable.withLock { found($0) } || (isWorking && pending.withLock { found($0) })
    }

    /// How many credentials of spaces of an authority elsewhere are known to be revoked, and of all, at most `limit`.
    func foreignCount(of authority: String?, at now: Timestamp, limit: Int) -> Int {
        let prefix = authority.map { "at://\($0)/" } ?? ""
        var count = 0
        for state in [durable.withLock { $0.foreign }, pending.withLock { $0.foreign }] {
            for (space, revoked) in state where space.utf8.starts(with: prefix.utf8) {
                count += revoked.values.count { now < $0 }
                if count >= limit { return limit }
            }
        }
        return count
    }

    /// Lets go of what nobody can show any more.
    package func forget(before now: Timestamp) {
        durable.withLock { state in
            for (space, revoked) in state.foreign {
                let kept = revoked.filter { now < $0.value }
                if kept.count != revoked.count { state.foreign[space] = kept.isEmpty ? nil : kept }
            }
            for (space, until) in state.blackouts where until <= now { state.blackouts[space] = nil }
        }
    }
}

extension SpaceCatalog.State {
    fileprivate var isEmpty: Bool { spaces.isEmpty && foreign.isEmpty && blackouts.isEmpty }
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

extension StoreTransaction {
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
