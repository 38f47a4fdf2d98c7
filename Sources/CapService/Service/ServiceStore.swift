import Glibc
import Identity
import Spaces
import Storage
import UCAN

/// What becomes of a service whose store another node serves too; by itself it waits for nobody.
struct StoreWatch: Sendable {
    /// Asked time and again while another node serves the store: false to wait no longer.
    var waiting: (@Sendable () -> Bool)?
    /// Told once another node has the store, or this one cannot know what it holds.
    var lost: (@Sendable () -> Void)?
}

extension Settings {
    /// Whether there is a store already, empty or not.
    func isStoreThere() throws -> Bool {
        // In a folder that is not there, there is none.
        guard let store else { return try access(database, F_OK) == 0 && GraphStore.isThere(database) }
        return try PostgresEngine.isThere(store)
    }

    /// Refuses a node that could not serve what others do, before it waits for them.
    func checkKeyFile() throws {
        guard let store, try PostgresEngine.isThere(store) else { return }
        try PostgresEngine.peek(store) { try Accounts.checkKeyFile(keyFile, against: $0, $1) }
    }

    /// What the store is called in messages.
    var storeName: String { store.map { PostgresEngine.name(of: $0) } ?? database }

    /// The tables beside those of families, which the format of a file brings by itself.
    private static let commonTables = accountTables + repoTables + notifyTables + valueTables

    /// Opens the store, making it where there is none.
    func openStore(_ families: [any StoreFamily], at now: Timestamp, _ watch: StoreWatch) throws -> GraphStore {
        guard let store else {
            var options = SQLiteLogOptions()
            if let maxReaders { options.maxReaders = maxReaders }
            return try GraphStore.open(
                path: database, families: families, at: now, limits: graph, options: options, maxPending: maxPending)
        }
        var options = PostgresEngine.Options()
        if let maxReaders { options.maxReaders = maxReaders }
        options.waiting = watch.waiting
        options.lost = watch.lost
        let engine = try PostgresEngine(
            store, tables: families.flatMap(\.tables) + Self.commonTables, projections: families.flatMap(\.projections),
            options: options)
        return try GraphStore.open(engine, families: families, at: now, limits: graph, maxPending: maxPending)
    }
}
