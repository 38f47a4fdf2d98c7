import CapabilityGraph
import Storage

/// Rebuilding the graph from its log against scanning the same rows of the same file, both by the cpu time of all threads:
/// the file is in memory, and what else the machine does is none of it.
enum RestartShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let folder = try TemporaryFolder()
        let path = folder.path + "/bench.sqlite"
        let families = try Families.standard()
        try ChainWorld(edges: scale.edges, keepRecords: true).write(
            to: path, tokenOfOthers: [UInt8](repeating: 0x61, count: 600))
        var restart = Double.infinity
        var scan = Double.infinity
        for _ in 0..<3 {
            var start = Stopwatch.processNanoseconds()
            let log = try SQLiteLog.open(path: path, mode: .readOnly)
            var bytes = 0
            try log.forEachEntry(after: 0) { _, _, _, record in bytes += record.count }
            log.close()
            keep(bytes)
            scan = min(scan, Stopwatch.processNanoseconds() - start)
            start = Stopwatch.processNanoseconds()
            let store = try GraphStore.open(path: path, families: families)
            precondition(store.unprovenSnapshot().edgeCount >= scale.edges - ChainWorld.depth)
            restart = min(restart, Stopwatch.processNanoseconds() - start)
            store.close()
        }
        return [
            Measurement(
                shape: "restart-\(scale.edges)-edges", value: restart / 1e6, floor: scan / 1e6, unit: "ms",
                target: .atMost(4))
        ]
    }
}
