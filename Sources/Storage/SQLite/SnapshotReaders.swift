import Synchronization

/// Lends connections that stand on the newest committed state of the tables.
///
/// To begin a read takes locks on the file, and finds what is newest. Between two commits that is the same, so a connection
/// that comes back keeps its state for the next read, until something is committed.
final class SnapshotReaders: Sendable {
    private let pool: ConnectionPool<TableConnection>
    /// Even between commits, odd during one; each commit takes it to the next even number.
    private let commits = Atomic<UInt64>(0)

    init(_ file: DatabaseFile, limit: Int, _ options: SQLiteLogOptions = SQLiteLogOptions()) {
        pool = ConnectionPool(limit: limit) { () throws(StorageError) in
            TableConnection(try LogStore.connectForReading(file, options))
        }
    }

    /// Gives a connection, and the number of its state where that is the one state of this number.
    func take() throws(StorageError) -> (tables: TableConnection, number: UInt64?) {
        // Counted before the state is taken, which so is never older than its number.
        let newest = commits.load(ordering: .acquiring)
        let tables = try pool.take()
        do throws(StorageError) {
            try tables.stand(on: newest)
        } catch {
            pool.giveBack(nil)
            throw error
        }
        // Where nothing was begun since it was counted, the state is not newer either.
        let isExact = newest % 2 == 0 && commits.load(ordering: .sequentiallyConsistent) == newest
        return (tables, isExact ? newest : nil)
    }

    /// Takes a connection back; one that failed is thrown away with its cause.
    func giveBack(_ tables: TableConnection) {
        guard tables.failure == nil else { return pool.giveBack(nil) }
        pool.giveBack(tables) { idle in
            let now = self.commits.load(ordering: .acquiring)
            if idle.state != now || now % 2 == 1 { idle.leaveState() }
        }
    }

    /// Runs what commits something. No idle connection stands on a state meanwhile: the commit moves the write-ahead log into
    /// the file as far as nobody reads an older state, and begins it anew where nobody reads it at all.
    func committing<Value>(_ body: () throws(StorageError) -> Value) throws(StorageError) -> Value {
        commits.add(1, ordering: .sequentiallyConsistent)
        pool.eachIdle { $0.leaveState() }
        defer { commits.add(1, ordering: .sequentiallyConsistent) }
        return try body()
    }

    func close() { pool.close() }
}
