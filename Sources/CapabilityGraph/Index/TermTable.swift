import Glibc

/// Interns byte strings (principals, spaces, abilities, paths, caveats) to 32-bit ids that never change.
///
/// Equality is equality of bytes within one kind. Id 0 is reserved and means "none".
final class TermTable: @unchecked Sendable {
    // @unchecked: appended by the one writer; readers resolve only ids reached through published rows or the table.
    enum Kind: UInt8 {
        case principal = 1
        case space, service, ability, caveats, suffix, opaque
    }

    private let bytes: Column<UInt8>
    /// Offset in the arena of the kind (one byte), the length (three bytes) and the bytes themselves.
    private let offsets: Column<UInt32>
    /// The newest edges that each term, being a principal, issued and received.
    let heads: Column<PrincipalHeads>
    /// For abilities: position in the registry plus one, or 0.
    let registryIndex: Column<UInt8>
    private let table: SlotTable
    private let hashing: KeyedHash
    @exclusivity(unchecked) private(set) var count = 1
    @exclusivity(unchecked) private(set) var byteCount = 0

    init(limits: GraphLimits, hashing: KeyedHash) throws(GraphError) {
        self.hashing = hashing
        bytes = try Column(capacity: min(limits.maxEdges * 128, Int(UInt32.max)))
        offsets = try Column(capacity: limits.maxEdges * 4)
        heads = try Column(capacity: limits.maxEdges * 4)
        registryIndex = try Column(capacity: limits.maxEdges * 4)
        table = try SlotTable()
    }

    deinit {
        bytes.release()
        offsets.release()
        heads.release()
        registryIndex.release()
    }

    /// Returns the stored bytes of a term.
    func bytes(_ id: UInt32) -> UnsafeRawBufferPointer {
        let start = UnsafeRawPointer(bytes.base) + Int(offsets[id])
        return UnsafeRawBufferPointer(start: start + 4, count: Int(head(id) >> 8))
    }

    func kind(_ id: UInt32) -> Kind? {
        Kind(rawValue: UInt8(truncatingIfNeeded: head(id)))
    }

    /// Kind in the lowest byte, length in the others.
    @inline(__always)
    private func head(_ id: UInt32) -> UInt32 {
        (UnsafeRawPointer(bytes.base) + Int(offsets[id])).loadUnaligned(as: UInt32.self)
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
        let id = try append(kind, text)
        try table.insert(id, hash: hash, hashOf: self.hash)
        journal.note(.term(id))
        return id
    }

    /// Adds a term that is known to be new and is found only once `enter` was called for it.
    func append(_ kind: Kind, _ text: UnsafeRawBufferPointer) throws(GraphError) -> UInt32 {
        guard text.count < 1 << 20, byteCount + text.count + 4 <= bytes.capacity, count < offsets.capacity else {
            throw GraphError(.full, "the term table is full")
        }
        let id = UInt32(count)
        (UnsafeMutableRawPointer(bytes.base) + byteCount).storeBytes(
            of: UInt32(text.count) << 8 | UInt32(kind.rawValue), as: UInt32.self)
        if let source = text.baseAddress { memcpy(bytes.base + byteCount + 4, source, text.count) }
        offsets[id] = UInt32(byteCount)
        registryIndex[id] = 0
        byteCount += text.count + 4
        count += 1
        return id
    }

    /// Lets the terms from `first` on be found; throws `malformedRecord` for one that was there before.
    func enter(from first: Int) throws(GraphError) {
        try table.each(UInt32(first)..<UInt32(count), hashOf: hash) { id, hash throws(GraphError) in
            let isKnown = table.find(hash) { other in equals(other, id) } != nil
            guard !isKnown else { throw RecordReader.malformed }
            try table.insert(id, hash: hash, hashOf: self.hash)
        }
    }

    /// Takes back the newest term.
    func removeNewest(_ id: UInt32) {
        if table.generation == generationAtMark { table.removeNewest(id, hash: hash(id)) }
        byteCount = Int(offsets[id])
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
        hashing.hash(bytes(id), seed: UInt64(head(id) & 0xFF))
    }

    private func equals(_ id: UInt32, _ other: UInt32) -> Bool {
        head(id) == head(other)
            && memcmp(bytes.base + Int(offsets[id]) + 4, bytes.base + Int(offsets[other]) + 4, Int(head(id) >> 8)) == 0
    }

    private func equals(_ id: UInt32, _ kind: Kind, _ text: UnsafeRawBufferPointer) -> Bool {
        guard head(id) == UInt32(text.count) << 8 | UInt32(kind.rawValue) else { return false }
        guard let other = text.baseAddress else { return true }
        return memcmp(UnsafeRawPointer(bytes.base) + Int(offsets[id]) + 4, other, text.count) == 0
    }
}
