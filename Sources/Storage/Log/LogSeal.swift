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

    var words: [UInt64] { [revision, chain, tokenCount, marks, meta] }

    var checksum: UInt64 {
        var checksum = Checksum(seed: 0)
        for word in words { checksum.mix(word) }
        return checksum.finished()
    }
}

extension LogStore {
    /// Reads the seal and the end of the log in one look, and compares them.
    func readSeal() throws(StorageError) -> LogSeal {
        let query = try connection.prepare(
            """
            SELECT seal.revision, chain, tokens, marks, meta, seal.checksum, log.revision, log.checksum FROM seal \
            LEFT JOIN log ON log.revision = (SELECT max(revision) FROM log) WHERE seal.id = 1
            """
        )
        guard try query.step() else { throw damaged("the summary") }
        func word(_ column: Int32) -> UInt64 { UInt64(bitPattern: query.integer(column)) }
        let seal = LogSeal(revision: word(0), chain: word(1), tokenCount: word(2), marks: word(3), meta: word(4))
        guard seal.checksum == word(5) else { throw damaged("the summary") }
        // An empty log has no last row: both columns read as 0 then, as in the first seal.
        guard seal.revision == word(6), seal.chain == word(7) else { throw damaged("the end of the log") }
        return seal
    }

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
}
