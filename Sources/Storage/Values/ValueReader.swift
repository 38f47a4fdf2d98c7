package import CapabilityGraph
import Multiformats

/// Reads the key-value plane in one consistent state.
package struct ValueReader {
    private let tables: any TableReader

    package init(_ tables: any TableReader) { self.tables = tables }

    /// The value at a path; without `withBytes`, everything of it but its bytes. Throws `corrupt` for what is not as it was
    /// written.
    package func value(at path: String, in space: Space, withBytes: Bool) throws -> StoredValue? {
        let found = try tables.first(
            """
            SELECT \(ValueRow.columns), kv_value.id FROM kv_value JOIN kv_space ON kv_space.id = kv_value.space \
            WHERE kv_space.space = ?1 AND path = ?2
            """,
            [.text(space.text), .text(path)]
        ) { (row: try ValueRow($0, space: space.text, path: path), id: $0.integer(5)) }
        guard let found else { return nil }
        guard withBytes else { return try found.row.value(nil, path: path) }
        let bytes = try tables.first("SELECT bytes FROM kv_value WHERE id = ?1", [.integer(found.id)]) { $0.bytes(0) }
        return try found.row.value(bytes ?? [], path: path)
    }

    /// A page of paths, in the order of their bytes.
    package struct Page: Sendable {
        package let paths: [String]
        /// False when there are more behind the last one.
        package let isComplete: Bool
    }

    /// Lists the paths that `prefix` contains by the rule of capabilities (tinycloud.md 7.4); nil contains all.
    ///
    /// - Parameters:
    ///   - after: Lists only what stands behind this path.
    ///   - limit: The most paths of the page.
    ///   - maxBytes: Reading ends, and the page with it, at the first path with which all of them have more bytes.
    package func paths(
        in space: Space, under prefix: String?, after: String? = nil, limit: Int, maxBytes: Int = .max
    ) throws -> Page {
        let number = try tables.first("SELECT id FROM kv_space WHERE space = ?1", [.text(space.text)]) { $0.integer(0) }
        guard let number, limit > 0 else { return Page(paths: [], isComplete: number == nil) }
        var paths: [String] = []
        // What stands below a path that does not end in a slash is not its neighbour in order, so it is asked for apart.
        if let prefix, prefix.utf8.last != UInt8(ascii: "/"), after == nil,
            try tables.exists(
                "SELECT 1 FROM kv_value WHERE space = ?1 AND path = ?2", [.integer(number), .text(prefix)])
        {
            paths.append(prefix)
        }
        let (start, end) = Self.range(below: prefix)
        // Paths are visible ASCII, where the order of texts is that of their bytes.
        let isBehind = after.map { !$0.utf8.lexicographicallyPrecedes(start.utf8) } ?? false
        var bytes = paths.reduce(0) { $0 + $1.utf8.count }
        try tables.each(
            isBehind
                ? "SELECT path FROM kv_value WHERE space = ?1 AND path > ?2 AND path < ?3 ORDER BY path LIMIT ?4"
                : "SELECT path FROM kv_value WHERE space = ?1 AND path >= ?2 AND path < ?3 ORDER BY path LIMIT ?4",
            [
                .integer(number), .text(isBehind ? after ?? start : start), .text(end),
                .integer(limit + 1 - paths.count),
            ]
        ) { row in
            paths.append(row.text(0))
            bytes += paths[paths.count - 1].utf8.count
            return bytes <= maxBytes
        }
        return Page(paths: Array(paths.prefix(limit)), isComplete: paths.count <= limit && bytes <= maxBytes)
    }

    /// What all spaces hold together: how many values, and what they cost.
    package func totals() throws -> (count: Int64, used: Int64) {
        try tables.first("SELECT coalesce(sum(value_count), 0), coalesce(sum(used), 0) FROM kv_space") {
            (count: $0.integer(0), used: $0.integer(1))
        } ?? (0, 0)
    }

    /// The first text of what stands below a path, and the first behind all of it.
    private static func range(below prefix: String?) -> (String, String) {
        guard let prefix else { return ("", "\u{7F}") }
        let start = prefix.utf8.last == UInt8(ascii: "/") ? prefix : prefix + "/"
        // `0` follows the slash.
        return (start, start.dropLast() + "0")
    }
}
