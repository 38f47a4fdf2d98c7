import CSQLite
import Glibc

/// Keeps the seals of tables up to date with every row a connection inserts, updates or deletes.
///
/// SQLite calls it for each row before it changes, whatever statement does it, so no writer can forget a row. What is
/// taken back to a savepoint is taken back here by whoever does that.
final class RowWatch {
    private(set) var seals: [TableSeal]
    /// True once a row could not be read: the transaction cannot be sealed and must not be committed.
    private(set) var isLost = false
    private let tables: [SealedTable]
    private let names: [[CChar]]
    /// Where the last row's table stands: rows of one table come in runs.
    private var latest = 0
    private let connection: SQLiteConnection

    init(_ connection: SQLiteConnection) throws(StorageError) {
        self.connection = connection
        tables = try SealedTable.all(connection)
        names = tables.map { Array($0.name.utf8CString) }
        seals = tables.map { TableSeal(table: $0.name) }
        sqlite3_preupdate_hook(
            connection.handle,
            { watch, handle, operation, _, table, _, _ in
                guard let watch, let handle, let table else { return }
                Unmanaged<RowWatch>.fromOpaque(watch).takeUnretainedValue().changes(handle, operation, table)
            },
            Unmanaged.passUnretained(self).toOpaque())
    }

    deinit { sqlite3_preupdate_hook(connection.handle, nil, nil) }

    /// Goes on from what is stored.
    func begin(with seals: [TableSeal]) {
        self.seals = seals
        isLost = false
    }

    func takeBack(to seals: [TableSeal]) { self.seals = seals }

    /// Sums up tables by what they hold now, whatever their seals were.
    func seal(anew names: Set<String>) throws(StorageError) {
        for index in tables.indices where names.contains(tables[index].name) {
            seals[index] = try tables[index].seal(connection)
        }
    }

    private func index(of table: UnsafePointer<CChar>) -> Int? {
        if latest < names.count, strcmp(names[latest], table) == 0 { return latest }
        guard let found = names.firstIndex(where: { strcmp($0, table) == 0 }) else { return nil }
        latest = found
        return found
    }

    private func changes(_ handle: OpaquePointer, _ operation: Int32, _ table: UnsafePointer<CChar>) {
        guard let index = index(of: table) else { return }
        let sealed = tables[index]
        if operation != SQLITE_INSERT {
            let old = sealed.checksum { place in
                var value: OpaquePointer?
                let status = sqlite3_preupdate_old(handle, sealed.columns[place].index, &value)
                return status == SQLITE_OK ? value : nil
            }
            if let old { seals[index].take(old) } else { isLost = true }
        }
        if operation != SQLITE_DELETE {
            let new = sealed.checksum { place in
                var value: OpaquePointer?
                let status = sqlite3_preupdate_new(handle, sealed.columns[place].index, &value)
                return status == SQLITE_OK ? value : nil
            }
            if let new { seals[index].add(new) } else { isLost = true }
        }
    }
}
