package import CapabilityGraph
import Multiformats

/// Reads the key-value plane in one consistent state.
package struct ValueReader {
    private let tables: any TableReader

    package init(_ tables: any TableReader) { self.tables = tables }

    /// The value at a path; without `withBytes`, everything of it but its bytes. Throws `corrupt` for what is not as it was
    /// written.
    package func value(at path: String, in space: Space, withBytes: Bool) throws -> StoredValue? {
        guard let number = try tables.valueSpace(space) else { return nil }
        let place = [ValueTable.space.is(number), ValueTable.path.is(path)]
        let row = try tables.first(ValueTable.self, ValueRow.columns, where: place) {
            try ValueRow($0, space: space.text, path: path)
        }
        guard let row else { return nil }
        guard withBytes else { return try row.value(nil, path: path) }
        let bytes = try tables.first(ValueTable.self, [ValueTable.bytes], where: place) { $0[ValueTable.bytes] }
        return try row.value(bytes ?? [], path: path)
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
        let number = try tables.valueSpace(space)
        guard let number, limit > 0 else { return Page(paths: [], isComplete: number == nil) }
        let inSpace = ValueTable.space.is(number)
        var paths: [String] = []
        // What stands below a path that does not end in a slash is not its neighbour in order, so it is asked for apart.
        if let prefix, prefix.utf8.last != UInt8(ascii: "/"), after == nil,
            try tables.exists(ValueTable.self, where: [inSpace, ValueTable.path.is(prefix)])
        {
            paths.append(prefix)
        }
        let (start, end) = Self.range(below: prefix)
        // Paths are visible ASCII, where the order of texts is that of their bytes.
        let behind = after.flatMap { $0.utf8.lexicographicallyPrecedes(start.utf8) ? nil : $0 }
        let from = behind.map { ValueTable.path.isAbove($0) } ?? ValueTable.path.isAtLeast(start)
        var bytes = paths.reduce(0) { $0 + $1.utf8.count }
        try tables.each(
            ValueTable.self, [ValueTable.path], where: [inSpace, from, ValueTable.path.isBelow(end)],
            order: [ValueTable.path.ascending], limit: limit + 1 - paths.count
        ) { row in
            paths.append(row[ValueTable.path])
            bytes += paths[paths.count - 1].utf8.count
            return bytes <= maxBytes
        }
        return Page(paths: Array(paths.prefix(limit)), isComplete: paths.count <= limit && bytes <= maxBytes)
    }

    /// What all spaces hold together: how many values, and what they cost.
    package func totals() throws -> (count: Int64, used: Int64) {
        (
            try tables.sum(ValueSpaceTable.valueCount, of: ValueSpaceTable.self),
            try tables.sum(ValueSpaceTable.used, of: ValueSpaceTable.self)
        )
    }

    /// The first text of what stands below a path, and the first behind all of it.
    private static func range(below prefix: String?) -> (String, String) {
        guard let prefix else { return ("", "\u{7F}") }
        let start = prefix.utf8.last == UInt8(ascii: "/") ? prefix : prefix + "/"
        // `0` follows the slash.
        return (start, start.dropLast() + "0")
    }
}

extension TableReader {
    /// The number of a space that holds values; nil where none ever was.
    fileprivate func valueSpace(_ space: Space) throws -> Int64? {
        try first(ValueSpaceTable.self, [ValueSpaceTable.id], where: [ValueSpaceTable.space.is(space.text)]) {
            $0[ValueSpaceTable.id]
        }
    }
}
