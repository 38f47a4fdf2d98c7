import CapabilityGraph
import Multiformats
import Storage
import UCAN

@testable import CapService

/// Who holds which key; `edge` is the 32-byte id of the edge that is the key.
enum KeyTable: Table {
    static let edge = Column<[UInt8]>("edge", at: 0)
    static let locker = Column<String>("locker", at: 1)
    static let holder = Column<String>("holder", at: 2)

    static let schema = TableSchema(
        "locker_key", [edge, locker, holder], key: .columns([edge]), indexes: [TableIndex([locker, holder])])
}

/// Keeps the table of keys, a projection of the log, and takes back what goes with a key that ends.
final class LockerKeeper: StoreFamily {
    var family: any Family { Lockers() }
    var tables: [TableSchema] { [KeyTable.schema] }
    var projections: [ProjectedTable] { [ProjectedTable(KeyTable.schema)] }

    func apply(
        _ entry: AppliedEntry, in graph: Snapshot, at recorded: Timestamp, to tables: (any TableWriter)?
    ) throws {
        switch entry {
        case .admitted(let edge, _, let facts) where graph.view(edge).kind == .lockerKey:
            guard case .text(let locker)? = facts["locker"] else {
                throw StorageError(.corrupt, "a key is to no locker")
            }
            let view = graph.view(edge)
            try tables?.insert(
                KeyTable.self,
                [
                    KeyTable.edge.to(view.id.digest.bytes), KeyTable.locker.to(locker),
                    KeyTable.holder.to(view.audience),
                ])
        case .ended(let edge) where graph.view(edge).kind == .lockerKey:
            try tables?.delete(KeyTable.self, where: [KeyTable.edge.is(graph.view(edge).id.digest.bytes)])
        case .admitted, .ended, .noted: break
        }
    }

    func commit() {}
    func rollback() {}

    func governs(_ kind: EdgeKind) -> Bool { kind == .lockerKey }

    /// With a key go those that were lent by it.
    func end(_ edge: Snapshot.EdgeID, _ end: EdgeEnd, in change: StoreTransaction) throws {
        guard let locker = change.graph.view(edge).capabilities.first?.resource.space?.text else {
            return try change.strike(edge, end)
        }
        let keys = try change.rows(KeyTable.self, where: [KeyTable.locker.is(locker)]) { $0[KeyTable.edge] }
        try change.strike(edge, end)
        for id in keys {
            guard let digest = Digest(id),
                let key = change.graph.edge(Multihash(code: .blake3_256, digest: digest)),
                change.graph.view(key).proofs.contains(edge)
            else { continue }
            try change.end(key, EdgeEnd(by: end.actor, reason: "lenderEnded"))
        }
    }

    func takeOver(in change: StoreTransaction) {}
}

extension LockerScene {
    /// Whom the service knows to hold a key to the locker, sorted.
    func holders() throws -> [String] {
        try service.store.read { tables in
            try tables.rows(
                KeyTable.self, where: [KeyTable.locker.is(locker)], order: [KeyTable.holder.ascending]
            ) { $0[KeyTable.holder] }
        }
    }
}
