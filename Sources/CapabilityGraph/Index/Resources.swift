import Glibc
import Synchronization

/// Interns resources as a base (space, service, suffix, authority) and a path, and answers containment with integers
/// and one byte comparison.
final class Resources: @unchecked Sendable {
    // @unchecked: rows, bases and path bytes are written once by the one writer before a table publishes their id.
    private let keys: Column<ResourceKey>
    private let bases: Column<ResourceBase>
    private let bytes: Column<UInt8>
    /// For each base one more than the length of its longest path, 0 where it has none: it only grows, also for paths that
    /// are taken back.
    private let longest: Column<Atomic<UInt32>>
    private let table: SlotTable
    private let baseTable: SlotTable
    private let hashing: KeyedHash
    @exclusivity(unchecked) private(set) var count = 0
    @exclusivity(unchecked) private(set) var byteCount = 1
    private var baseCount = 0

    /// Stands for a base that was never seen.
    static let unseen = UInt32.max
    static let maxPathBytes = Int(UInt16.max)

    init(limits: GraphLimits, hashing: KeyedHash) throws(GraphError) {
        self.hashing = hashing
        keys = try Column(capacity: limits.maxEdges * 4)
        bases = try Column(capacity: limits.maxEdges)
        bytes = try Column(capacity: min(limits.maxEdges * 128, Int(UInt32.max)))
        longest = try Column(capacity: limits.maxEdges)
        table = try SlotTable()
        baseTable = try SlotTable()
    }

    deinit {
        keys.release()
        bases.release()
        bytes.release()
        longest.release()
    }

    func useLargePages() { bytes.useLargePages() }

    // MARK: reading

    func key(_ id: UInt32) -> ResourceKey { keys[id] }

    func row(_ key: ResourceKey) -> ResourceRow {
        ResourceRow(base: bases[key.base], path: path(of: key))
    }

    @inline(__always)
    private func path(of key: ResourceKey) -> UnsafeRawBufferPointer? {
        guard key.path != 0 else { return nil }
        let start = UnsafeRawPointer(bytes.base) + Int(key.path)
        return UnsafeRawBufferPointer(
            start: start + 2, count: Int(start.loadUnaligned(fromByteOffset: 0, as: UInt16.self)))
    }

    /// True when the resource has exactly this base and path.
    @inline(__always)
    func matches(_ key: ResourceKey, base: UInt32, path: UnsafeRawBufferPointer?) -> Bool {
        guard key.base == base else { return false }
        guard let own = self.path(of: key), let path else { return key.path == 0 && path == nil }
        return Self.equal(own, path)
    }

    func findBase(_ base: ResourceBase) -> UInt32? {
        baseTable.find(hash(base)) { bases[$0] == base }
    }

    /// The length of the longest path of a base; -1 where none of its resources has a path.
    func longestPath(of base: UInt32) -> Int { Int(longest.base[Int(base)].load(ordering: .acquiring)) - 1 }

    /// True when a stored resource covers the resource of a question (spec tinycloud.md 7.4).
    func contains(_ parent: ResourceKey, _ question: ResolvedQuestion) -> Bool {
        guard parent.base == question.base else { return false }
        let path = path(of: parent)
        guard question.isHierarchical else { return path?.elementsEqual(question.path ?? []) ?? false }
        guard path != nil else { return true }
        guard let child = question.path else { return false }
        return child.withUnsafeBytes { Self.pathContains(path, $0) }
    }

    static func pathContains(_ parent: UnsafeRawBufferPointer?, _ child: UnsafeRawBufferPointer?) -> Bool {
        guard let parent else { return true }
        guard let child, child.count >= parent.count else { return false }
        guard equal(parent, UnsafeRawBufferPointer(rebasing: child[..<parent.count])) else { return false }
        return child.count == parent.count || parent.last == 0x2F || child[parent.count] == 0x2F
    }

    @inline(__always)
    private static func equal(_ first: UnsafeRawBufferPointer, _ second: UnsafeRawBufferPointer) -> Bool {
        guard first.count == second.count else { return false }
        guard let left = first.baseAddress, let right = second.baseAddress else { return true }
        return memcmp(left, right, first.count) == 0
    }

    // MARK: writing

    func reserve(_ resources: Int) throws(GraphError) { try table.reserve(resources) }

    func intern(
        _ base: ResourceBase, path: UnsafeRawBufferPointer?, journal: Journal
    ) throws(GraphError) -> UInt32 {
        let baseID = try intern(base, journal: journal)
        let hash = self.hash(baseID, path)
        if let found = table.find(hash, { matches(keys[$0], base: baseID, path: path) }) { return found }
        let id = try append(baseID, path)
        try table.insert(id, hash: hash, hashOf: self.hash)
        journal.note(.resource(id))
        return id
    }

    /// Adds a resource that is known to be new and is found only once `enter` was called for it.
    func append(
        _ base: ResourceBase, path: UnsafeRawBufferPointer?, journal: Journal
    ) throws(GraphError) {
        _ = try append(try intern(base, journal: journal), path)
    }

    /// Lets the resources from `first` on be found; throws `malformedRecord` for one that was there before.
    func enter(from first: Int) throws(GraphError) {
        try table.each(UInt32(first)..<UInt32(count), hashOf: hash) { id, hash throws(GraphError) in
            let key = keys[id]
            let isKnown = table.find(hash) { matches(keys[$0], base: key.base, path: path(of: key)) } != nil
            guard !isKnown else { throw RecordReader.malformed }
            try table.insert(id, hash: hash, hashOf: self.hash)
        }
    }

    private func append(_ base: UInt32, _ path: UnsafeRawBufferPointer?) throws(GraphError) -> UInt32 {
        let length = path?.count ?? 0
        guard count < keys.capacity, byteCount + length + 2 <= bytes.capacity else {
            throw GraphError(.full, "the resource table is full")
        }
        guard length <= Self.maxPathBytes else { throw GraphError(.malformedResource, "a path is too long") }
        var offset: UInt32 = 0
        if let path {
            offset = UInt32(byteCount)
            (UnsafeMutableRawPointer(bytes.base) + byteCount).storeBytes(of: UInt16(length), as: UInt16.self)
            if let source = path.baseAddress { memcpy(bytes.base + byteCount + 2, source, length) }
            byteCount += length + 2
            let bound = longest.base[Int(base)].load(ordering: .relaxed)
            if bound <= UInt32(length) { longest.base[Int(base)].store(UInt32(length) + 1, ordering: .releasing) }
        }
        let id = UInt32(count)
        keys[id] = ResourceKey(base: base, path: offset)
        count += 1
        return id
    }

    private func intern(_ base: ResourceBase, journal: Journal) throws(GraphError) -> UInt32 {
        if let found = findBase(base) { return found }
        guard baseCount < bases.capacity else { throw GraphError(.full, "the resource table is full") }
        let id = UInt32(baseCount)
        bases[id] = base
        baseCount += 1
        try baseTable.insert(id, hash: hash(base)) { hash(bases[$0]) }
        journal.note(.resourceBase(id))
        return id
    }

    func removeNewest(_ id: UInt32) {
        if table.generation == generationAtMark { table.removeNewest(id, hash: hash(id)) }
        if keys[id].path != 0 { byteCount = Int(keys[id].path) }
        count -= 1
    }

    func removeNewestBase(_ id: UInt32) {
        if baseTable.generation == baseGenerationAtMark { baseTable.removeNewest(id, hash: hash(bases[id])) }
        baseCount -= 1
    }

    private var generationAtMark = 0
    private var baseGenerationAtMark = 0

    func mark() {
        generationAtMark = table.generation
        baseGenerationAtMark = baseTable.generation
    }

    func finishUndo() throws(GraphError) {
        if table.generation != generationAtMark {
            try table.rebuild(keeping: { $0 < count }, hashOf: hash)
        }
        if baseTable.generation != baseGenerationAtMark {
            try baseTable.rebuild(keeping: { $0 < baseCount }) { hash(bases[$0]) }
        }
    }

    private func hash(_ base: ResourceBase) -> UInt64 {
        hashing.hash(
            UInt64(base.space) << 32 | UInt64(base.service), UInt64(base.suffix) << 32 | UInt64(base.authority))
    }

    private func hash(_ id: UInt32) -> UInt64 {
        let key = keys[id]
        return hash(key.base, path(of: key))
    }

    private func hash(_ base: UInt32, _ path: UnsafeRawBufferPointer?) -> UInt64 {
        groupHash(audience: 0, base: base, path: path)
    }

    /// The hash under which capabilities of one audience on one resource are found.
    @inline(__always)
    func groupHash(audience: UInt32, base: UInt32, path: UnsafeRawBufferPointer?) -> UInt64 {
        let seed = UInt64(audience) << 32 | UInt64(base)
        guard let path else { return hashing.hash(seed, 1) }
        return hashing.hash(path, seed: seed)
    }

    func groupHash(audience: UInt32, resource: ResourceKey) -> UInt64 {
        groupHash(audience: audience, base: resource.base, path: path(of: resource))
    }
}
