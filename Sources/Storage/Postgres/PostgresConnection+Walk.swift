extension PostgresConnection {
    /// Walks the entries above `revision` up to where the log ends, refusing the first that is not as it was written.
    func forEachEntry(
        after revision: UInt64, upTo last: LogPosition,
        _ body: (UInt64, UInt8, Int64, UnsafeRawBufferPointer) throws -> Void
    ) throws {
        do {
            var reached = LogPosition(revision: revision, chain: try lastEntry(upTo: revision).chain)
            while reached.revision < last.revision {
                let rows = try entries(above: reached, upTo: last.revision)
                guard rows.rowCount > 0 else { break }
                for row in 0..<rows.rowCount {
                    let kind = try rows.advance(&reached, row, server)
                    try rows.withBytes(row, 4) { record in
                        try body(
                            reached.revision, kind, rows.integer(row, 2),
                            record ?? UnsafeRawBufferPointer(start: nil, count: 0))
                    }
                }
            }
            // The end of the chain is known apart from the walk, so a log cut short is seen as well.
            guard reached.revision == max(last.revision, revision),
                reached.revision > last.revision || reached.chain == last.chain
            else { throw PostgresFailure(.damaged("the log after entry \(reached.revision)", in: server)) }
        } catch let failure as PostgresFailure {
            throw failure.error
        }
    }
}
