/// A commit of which nobody knows whether it happened (postgres.md 1.5 step 10).
struct PostgresDoubt {
    /// Names the row by which the server remembers the writer's last commit, and what it says once this one was kept.
    let tag: [UInt8]
    let sequence: Int64
    /// Where the log ends once it was kept.
    let next: LogPosition
    /// Whether it was told to be in doubt; what is settled after that changes no answer.
    var isTold = false
    /// When it may be asked about again, in milliseconds of `MonotonicDeadline`.
    var notBefore: Int64 = 0

    init(tag: [UInt8], sequence: Int64, next: LogPosition) {
        self.tag = tag
        self.sequence = sequence
        self.next = next
    }

    /// Asks on a new connection, behind the lock of the log: it is had only once the old connection's work is done or gone.
    ///
    /// `patience` is in milliseconds. Throws `locked` when another node has taken the store since, and with it what the
    /// server remembered; `corrupt` when the database knows neither this commit nor the one before.
    func wasKept(
        at address: String, patience: Int32, holder: PostgresHolder?
    ) throws(PostgresFailure) -> Bool {
        let connection = try PostgresConnection(address, patience: patience)
        defer { connection.close() }
        connection.silence = patience
        try connection.execute(PostgresSchema.writerSettings)
        try connection.execute(PostgresSchema.beginOrdered)
        try holder?.check(connection)
        let row = try connection.once("SELECT sequence FROM commit_tag WHERE connection = $1", [.bytes(tag)])
        guard row.rowCount == 1, (sequence - 1...sequence).contains(row.integer(0, 0)) else {
            throw PostgresFailure(
                StorageError(
                    .corrupt, "the database at `\(connection.server)` does not know this node's last change",
                    hint: "find out whether an older state of it was brought back, then start again"))
        }
        guard row.integer(0, 0) == sequence else { return false }
        guard try connection.lastEntry(upTo: next.revision) == (next.revision, next.chain) else {
            throw PostgresFailure(.damaged("entry \(next.revision)", in: connection.server))
        }
        return true
    }
}
