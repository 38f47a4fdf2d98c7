import Glibc
import Synchronization

/// Interns resources by their components and answers containment with integers and one byte comparison.
final class Resources: @unchecked Sendable {
    // @unchecked: rows and path bytes are written once by the one writer before the table publishes their id.
    private let rows: Column<ResourceRow>
    private let bytes: Column<UInt8>
    private let table: SlotTable
    private let hashing: KeyedHash
    private(set) var count = 0
    private(set) var byteCount = 0

    init(limits: GraphLimits, hashing: KeyedHash) throws(GraphError) {
        self.hashing = hashing
        rows = try Column(capacity: limits.maxEdges * 4)
        bytes = try Column(capacity: limits.maxEdges * 128)
        table = try SlotTable()
    }

    deinit {
        rows.release()
        bytes.release()
    }

    @inline(__always)
    func row(_ id: UInt32) -> ResourceRow { rows[id] }

    /// The path bytes; empty when the path is absent (see `ResourceRow.noPath`).
    @inline(__always)
    func path(_ row: ResourceRow) -> UnsafeRawBufferPointer {
        guard row.path != ResourceRow.noPath else { return UnsafeRawBufferPointer(start: nil, count: 0) }
        return UnsafeRawBufferPointer(
            start: UnsafeRawPointer(bytes.base) + Int(row.path >> 20), count: Int(row.path & 0xF_FFFF))
    }

    /// Finds the resource with these components; `path` nil means absent.
    @inline(__always)
    func find(
        space: UInt32, service: UInt32, suffix: UInt32, authority: UInt32, path: UnsafeRawBufferPointer?
    ) -> UInt32? {
        let hash = hash(space, service, suffix, authority, path)
        return table.find(hash) { id in
            let row = rows[id]
            guard row.space == space, row.service == service, row.suffix == suffix, row.authority == authority,
                (row.path == ResourceRow.noPath) == (path == nil)
            else { return false }
            guard let path else { return true }
            return Self.equal(self.path(row), path)
        }
    }

    func intern(
        space: UInt32, service: UInt32, suffix: UInt32, authority: UInt32, path: UnsafeRawBufferPointer?,
        journal: Journal
    ) throws(GraphError) -> UInt32 {
        if let found = find(space: space, service: service, suffix: suffix, authority: authority, path: path) {
            return found
        }
        let length = path?.count ?? 0
        guard count < rows.capacity, byteCount + length <= bytes.capacity, length < 1 << 20 else {
            throw GraphError(.full, "the resource table is full")
        }
        var extent = ResourceRow.noPath
        if let path {
            if let source = path.baseAddress { memcpy(bytes.base + byteCount, source, length) }
            extent = UInt64(byteCount) << 20 | UInt64(length)
        }
        let id = UInt32(count)
        rows[id] = ResourceRow(space: space, service: service, suffix: suffix, authority: authority, path: extent)
        byteCount += length
        count += 1
        try table.insert(id, hash: hash(id), hashOf: hash)
        journal.note(.resource(id))
        return id
    }

    func removeNewest(_ id: UInt32) {
        if table.generation == generationAtMark { table.removeNewest(id, hash: hash(id)) }
        byteCount -= path(rows[id]).count
        count -= 1
    }

    private var generationAtMark = 0

    func mark() { generationAtMark = table.generation }

    func finishUndo() throws(GraphError) {
        guard table.generation != generationAtMark else { return }
        try table.rebuild(keeping: { $0 < count }, hashOf: hash)
    }

    /// True when a capability on `parent` covers `child` (spec tinycloud.md 7.4).
    @inline(__always)
    func contains(_ parent: UInt32, _ child: UInt32) -> Bool {
        parent == child || contains(rows[parent], rows[child])
    }

    private func contains(_ parent: ResourceRow, _ child: ResourceRow) -> Bool {
        guard parent.space != 0, parent.space == child.space, parent.service == child.service,
            parent.suffix == child.suffix
        else { return false }
        return Self.pathContains(
            parent.path == ResourceRow.noPath ? nil : path(parent),
            child.path == ResourceRow.noPath ? nil : path(child))
    }

    static func pathContains(_ parent: UnsafeRawBufferPointer?, _ child: UnsafeRawBufferPointer?) -> Bool {
        guard let parent else { return true }
        guard let child, child.count >= parent.count else { return false }
        guard equal(parent, UnsafeRawBufferPointer(rebasing: child[..<parent.count])) else { return false }
        return child.count == parent.count || parent.last == 0x2F || child[parent.count] == 0x2F
    }

    private static func equal(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
        guard first.count == second.count else { return false }
        guard let left = first.baseAddress, let right = second.baseAddress else { return true }
        return memcmp(left, right, first.count) == 0
    }

    private func hash(_ id: UInt32) -> UInt64 {
        let row = rows[id]
        return hash(
            row.space, row.service, row.suffix, row.authority, row.path == ResourceRow.noPath ? nil : path(row))
    }

    @inline(__always)
    private func hash(
        _ space: UInt32, _ service: UInt32, _ suffix: UInt32, _ authority: UInt32, _ path: UnsafeRawBufferPointer?
    ) -> UInt64 {
        let seed = hashing.hash(
            UInt64(space) << 32 | UInt64(service),
            UInt64(suffix) << 32 | UInt64(authority) ^ (path == nil ? 1 << 63 : 0))
        guard let path else { return seed }
        return hashing.hash(path, seed: seed)
    }
}
