import CapabilityGraph
import Glibc

/// Resident memory a million edges take, beside their interned strings, against a bare index of ids and columns.
enum MemoryShape {
    /// Measured for 32-byte ids, their slots and five columns.
    static let bareIndexBytes = 66.0

    static func run(_ scale: Scale) throws -> [Measurement] {
        let before = resident()
        let world = try ChainWorld(edges: scale.edges)
        let after = resident()
        let strings = world.graph.internedByteCount
        let bytes = Double(after - before - strings) / Double(world.chains * ChainWorld.depth)
        return [
            Measurement(
                shape: "memory-\(scale.edges)-edges", value: bytes, floor: bareIndexBytes, unit: "bytes an edge",
                target: .atMost(3))
        ]
    }

    private static func resident() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        guard fgets(&line, 256, file) != nil else { return 0 }
        let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        return pages * 4096
    }
}
