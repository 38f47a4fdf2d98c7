import Glibc

/// Holds elements in reserved address space, so they never move and readers need no lock.
///
/// The range is reserved once and costs memory only where it is touched. Untouched elements read as zero bytes.
/// One writer appends; readers read only what a release store published before.
struct Column<Element: ~Copyable>: @unchecked Sendable {
    // @unchecked: the pointer never changes; who may touch which element is the rule of `Graph` (one writer,
    // readers below the published revision).
    let base: UnsafeMutablePointer<Element>
    let capacity: Int
    private let byteCount: Int

    init(capacity: Int) throws(GraphError) {
        self.capacity = capacity
        byteCount = capacity * MemoryLayout<Element>.stride
        let range = mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | Int32(MAP_NORESERVE), -1, 0)
        guard let range, range != UnsafeMutableRawPointer(bitPattern: -1) else {
            throw GraphError(.outOfMemory, "cannot reserve \(byteCount) bytes of address space")
        }
        base = range.bindMemory(to: Element.self, capacity: capacity)
    }

    /// Gives the address range back; the column must not be used afterwards.
    func release() {
        munmap(base, byteCount)
    }

    /// Asks for large pages, which spare a random read most of its address translation; for large columns only.
    func useLargePages() {
        guard byteCount >= 4 << 20 else { return }
        madvise(base, byteCount, Int32(MADV_HUGEPAGE))
    }

    /// Returns the touched pages to the system while the range stays readable (as zeros).
    func discard() {
        madvise(base, byteCount, Int32(MADV_DONTNEED))
    }
}

extension Column where Element: BitwiseCopyable {
    subscript(index: Int) -> Element {
        @inline(__always) get { base[index] }
        nonmutating set { base[index] = newValue }
    }

    subscript(index: UInt32) -> Element {
        @inline(__always) get { base[Int(index)] }
        nonmutating set { base[Int(index)] = newValue }
    }
}
