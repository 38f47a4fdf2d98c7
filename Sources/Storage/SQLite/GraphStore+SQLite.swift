public import CapabilityGraph

extension GraphStore {
    /// Whether there is a log at the path; an empty file is none.
    package static func isThere(_ path: String) throws(StorageError) -> Bool { try DatabaseFile(path).exists() }

    /// Opens a log for reading only, also beside a running service; every change is refused.
    public static func openForReading(
        path: String, families: Families, limits: GraphLimits = GraphLimits()
    ) throws -> (snapshot: Snapshot, tokens: TokenReader, log: SQLiteLog) {
        let log = try SQLiteLog.open(path: path, mode: .readOnly)
        let writer = GraphWriter(try Graph(families: families, limits: limits))
        try replay(log, into: writer)
        return (writer.graph.snapshot(), try TokenReader(path: path), log)
    }
}

extension SQLiteLog: Log {}
