import ATProto
import CapabilityGraph
import Storage
import UCAN

/// What the gate looks at: one state of the graph, and the tables for what spaces there are and how they are set.
struct GateView {
    let graph: Snapshot
    let tables: any TableReader
    let spaces: SpaceLookup
    /// How much was forgotten of accounts before the tables were opened; nil inside a change.
    let era: Int?

    /// True for an account of this host.
    func isHosted(_ did: DID, by accounts: any AuthorityDirectory) throws -> Bool {
        try accounts.isHosted(did, in: tables, since: era)
    }

    /// Tells what a space is to this host.
    func standing(of space: SpaceURI) -> SpaceStanding {
        if let record = spaces.space(space) { return .live(record) }
        // Asked in every other case, so that an absent space costs what a hidden one does.
        if let tombstone = spaces.tombstone(space) { return .deleted(tombstone) }
        return .absent
    }
}

/// What a space is to this host.
enum SpaceStanding {
    case live(SpaceRecord)
    case deleted(SpaceTombstone)
    /// Never made here: held elsewhere, or nowhere.
    case absent
}

/// A view whose tables are opened when they are first read: most credentials are judged without. One thread opens and
/// closes it.
final class LazyView {
    private final class Tables: TableReader {
        let store: GraphStore
        var session: (any ReadSession)?

        init(_ store: GraphStore) { self.store = store }

        func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws { try opened().each(selection, body) }
        func count(_ selection: Selection) throws -> Int64 { try opened().count(selection) }
        func sum(_ column: ColumnDefinition, _ selection: Selection) throws -> Int64 {
            try opened().sum(column, selection)
        }

        private func opened() throws -> any ReadSession {
            if let session { return session }
            let opened = try store.openReadSession()
            session = opened
            ReadNesting.enter()
            return opened
        }
    }

    private let tables: Tables
    let view: GateView

    /// The graph is taken first: tables and spaces are committed before the graph is, so they are never behind it.
    init(_ store: GraphStore, _ accounts: any AuthorityDirectory) throws {
        let tables = Tables(store)
        self.tables = tables
        view = GateView(graph: try store.freshSnapshot(), tables: tables, spaces: try store.spaces, era: accounts.era)
    }

    func close() {
        guard let session = tables.session else { return }
        tables.session = nil
        ReadNesting.leave()
        session.close()
    }
}
