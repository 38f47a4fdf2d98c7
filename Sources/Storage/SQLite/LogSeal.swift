/// Sums up everything a log holds, so that rows that vanish with a damaged page are missed.
///
/// Each row's own checksum shows a row that changed; only a summary kept elsewhere shows a lost end of the log, which
/// may hold revocations, a lost replay mark or a lost key. It costs one small page in each commit.
struct LogSeal: Equatable {
    /// Last revision.
    var revision: UInt64 = 0
    /// Checksum of the entry there, which covers all before it.
    var chain: UInt64 = 0
    var tokenCount: UInt64 = 0
    /// Sum of the checksums of all rows of marks.
    var marks: UInt64 = 0
    /// Sum of the checksums of all values kept under keys.
    var meta: UInt64 = 0
    /// Transactions that changed anything, this one included.
    var commitCount: UInt64 = 0
    /// What every other table holds, by name.
    var tables: [TableSeal] = []

    /// The words the first versions of the file had.
    var words: [UInt64] { [revision, chain, tokenCount, marks, meta] }

    var checksum: UInt64 { checksum(tables.bytes) }

    /// The checksum, with the seals of the tables as bytes at hand.
    func checksum(_ tableBytes: [UInt8]) -> UInt64 {
        var checksum = Checksum(seed: 0)
        for word in words { checksum.mix(word) }
        guard commitCount > 0 || !tables.isEmpty else { return checksum.finished() }
        checksum.mix(commitCount)
        tableBytes.withUnsafeBytes { checksum.mix($0) }
        return checksum.finished()
    }
}

extension LogSeal {
    /// Reads the seal and the end of the log in one look, and compares them.
    static func read(_ connection: SQLiteConnection) throws(StorageError) -> LogSeal {
        let query = try connection.prepare(
            """
            SELECT seal.revision, chain, tokens, marks, meta, commits, seal.tables, seal.checksum, log.revision, \
            log.checksum FROM seal LEFT JOIN log ON log.revision = (SELECT max(revision) FROM log) WHERE seal.id = 1
            """
        )
        func damaged(_ what: String) -> StorageError { .damaged(what, in: connection.path) }
        guard try query.step() else { throw damaged("the summary") }
        func word(_ column: Int32) -> UInt64 { UInt64(bitPattern: query.integer(column)) }
        guard let tables = [TableSeal](bytes: query.blob(6)) else { throw damaged("the summary") }
        let seal = LogSeal(
            revision: word(0), chain: word(1), tokenCount: word(2), marks: word(3), meta: word(4),
            commitCount: word(5), tables: tables)
        guard seal.checksum == word(7) else { throw damaged("the summary") }
        // An empty log has no last row: both columns read as 0 then, as in the first seal.
        guard seal.revision == word(8), seal.chain == word(9) else { throw damaged("the end of the log") }
        return seal
    }
}

extension LogStore {
    func readSeal() throws(StorageError) -> LogSeal { try LogSeal.read(connection) }

    /// Runs `body` on one state of the file, with the seal of that state.
    func onOneState<Value>(_ body: (LogSeal) throws(StorageError) -> Value) throws(StorageError) -> Value {
        try connection.execute("BEGIN")
        do throws(StorageError) {
            let value = try body(readSeal())
            try connection.execute("COMMIT")
            return value
        } catch {
            connection.rollBack()
            throw error
        }
    }

    /// Compares the rows of tables with what the seal says of them, on one state of the file; gives their number.
    func checkTables(isStart: Bool, but left: Set<String> = []) throws(StorageError) -> Int {
        try onOneState { (seal) throws(StorageError) in
            var rowCount = 0
            let tables = try SealedTable.all(connection)
            guard tables.map(\.name) == seal.tables.map(\.table) else { throw damaged("the summary") }
            for (table, sealed) in zip(tables, seal.tables)
            where !left.contains(table.name) {
                // A row is found by an index, which nothing else looks at: one that is damaged finds another row, or none.
                // `verify` has looked at all of them.
                if isStart, try !table.isWhole(connection) {
                    throw damaged("the table `\(table.name)`, or an index of it,")
                }
                let found = try table.seal(connection)
                guard found == sealed else {
                    let counts =
                        found.rowCount == sealed.rowCount
                        ? "" : ", which has \(found.rowCount) rows where \(sealed.rowCount) were written"
                    throw damaged("the table `\(table.name)`\(counts)")
                }
                rowCount += Int(found.rowCount)
            }
            return rowCount
        }
    }
}
