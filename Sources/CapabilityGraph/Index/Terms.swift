import Glibc

/// Interns byte strings (principals, spaces, abilities, paths, caveats) to 32-bit ids that never change.
///
/// Equality is equality of bytes within one kind. Id 0 is reserved and means "none".
final class Terms: @unchecked Sendable {
    // @unchecked: appended by the one writer; readers resolve only ids reached through published rows or the table.
    enum Kind: UInt8 {
        case principal = 1
        case space, service, ability, caveats, suffix, opaque
    }

    private let bytes: Column<UInt8>
    /// Offset in the arena shifted left by 20, or-ed with the length (below 1 MiB).
    private let extents: Column<UInt64>
    /// For abilities: position in the registry plus one, or 0.
    let registryIndex: Column<UInt8>
    private let table: SlotTable
    private let hashing: KeyedHash
    private(set) var count = 1
    private(set) var byteCount = 0

    init(limits: GraphLimits, hashing: KeyedHash) throws(GraphError) {
        self.hashing = hashing
        bytes = try Column(capacity: limits.maxEdges * 128)
        extents = try Column(capacity: limits.maxEdges * 4)
        registryIndex = try Column(capacity: limits.maxEdges * 4)
        table = try SlotTable()
    }

    deinit {
        bytes.release()
        extents.release()
        registryIndex.release()
    }

    /// Returns the stored bytes of a term.
    func bytes(_ id: UInt32) -> UnsafeRawBufferPointer {
        let extent = extents[id]
        return UnsafeRawBufferPointer(
            start: UnsafeRawPointer(bytes.base) + Int(extent >> 20) + 1, count: Int(extent & 0xF_FFFF))
    }

    func kind(_ id: UInt32) -> Kind? {
        Kind(rawValue: bytes[Int(extents[id] >> 20)])
    }

    func text(_ id: UInt32) -> String {
        String(decoding: bytes(id), as: UTF8.self)
    }

    func find(_ kind: Kind, _ text: UnsafeRawBufferPointer) -> UInt32? {
        let hash = hashing.hash(text, seed: UInt64(kind.rawValue))
        return table.find(hash) { id in equals(id, kind, text) }
    }

    /// Returns the id of the term, adding it when new.
    func intern(_ kind: Kind, _ text: UnsafeRawBufferPointer, journal: Journal) throws(GraphError) -> UInt32 {
        let hash = hashing.hash(text, seed: UInt64(kind.rawValue))
        if let found = table.find(hash, { id in equals(id, kind, text) }) { return found }
        guard text.count < 1 << 20, byteCount + text.count + 1 <= bytes.capacity, count < extents.capacity else {
            throw GraphError(.full, "the term table is full")
        }
        let id = UInt32(count)
        bytes[byteCount] = kind.rawValue
        if let source = text.baseAddress { memcpy(bytes.base + byteCount + 1, source, text.count) }
        extents[id] = UInt64(byteCount) << 20 | UInt64(text.count)
        registryIndex[id] = 0
        byteCount += text.count + 1
        count += 1
        try table.insert(id, hash: hash, hashOf: self.hash)
        journal.note(.term(id))
        return id
    }

    /// Takes back the newest term.
    func removeNewest(_ id: UInt32) {
        if table.generation == generationAtMark { table.removeNewest(id, hash: hash(id)) }
        byteCount = Int(extents[id] >> 20)
        count -= 1
    }

    private var generationAtMark = 0

    func mark() { generationAtMark = table.generation }

    /// Ends an undo: where the table grew in between, it is built anew from what is left.
    func finishUndo() throws(GraphError) {
        guard table.generation != generationAtMark else { return }
        try table.rebuild(keeping: { $0 < count }, hashOf: hash)
    }

    private func hash(_ id: UInt32) -> UInt64 {
        hashing.hash(bytes(id), seed: UInt64(bytes[Int(extents[id] >> 20)]))
    }

    private func equals(_ id: UInt32, _ kind: Kind, _ text: UnsafeRawBufferPointer) -> Bool {
        let extent = extents[id]
        let start = UnsafeRawPointer(bytes.base) + Int(extent >> 20)
        guard Int(extent & 0xF_FFFF) == text.count, start.load(as: UInt8.self) == kind.rawValue else { return false }
        guard let other = text.baseAddress else { return true }
        return memcmp(start + 1, other, text.count) == 0
    }
}
