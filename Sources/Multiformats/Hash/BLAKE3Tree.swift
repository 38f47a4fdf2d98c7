/// Hashes input of any size as a tree of 1 KiB chunks and keeps the root block, from which output of any length comes.
struct BLAKE3Tree: ~Copyable {
    private enum Flag {
        static let chunkStart: UInt32 = 1
        static let chunkEnd: UInt32 = 2
        static let parent: UInt32 = 4
        static let root: UInt32 = 8
    }

    static let keyedFlag: UInt32 = 16
    private static let chunkSize = 1024
    private static let blockSize = 64
    /// 2^54 chunks make 2^64 bytes.
    private static let maxDepth = 54

    /// One allocation: pending subtree values (54 x 8), key (8), root chaining value (8), root block (16).
    private let words: UnsafeMutablePointer<UInt32>
    private var key: UnsafeMutablePointer<UInt32> { words + Self.maxDepth * 8 }
    private var rootChaining: UnsafeMutablePointer<UInt32> { key + 8 }
    private var rootBlock: UnsafeMutablePointer<UInt32> { key + 16 }
    private let modeFlags: UInt32
    private var rootLength: UInt32 = 0
    private var rootFlags: UInt32 = 0

    /// Absorbs `input`, under a key of eight words when one is given.
    init(
        _ input: UnsafeRawBufferPointer, key keyWords: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32),
        modeFlags: UInt32
    ) {
        words = .allocate(capacity: Self.maxDepth * 8 + 32)
        self.modeFlags = modeFlags
        let key = words + Self.maxDepth * 8
        (key[0], key[1], key[2], key[3]) = (keyWords.0, keyWords.1, keyWords.2, keyWords.3)
        (key[4], key[5], key[6], key[7]) = (keyWords.4, keyWords.5, keyWords.6, keyWords.7)
        absorb(input)
    }

    deinit { words.deallocate() }

    private mutating func absorb(_ input: UnsafeRawBufferPointer) {
        // The last chunk, full or not, stays open: it is the root when it is alone.
        let closed = input.isEmpty ? 0 : (input.count - 1) / Self.chunkSize
        var pending = 0
        for index in 0..<closed {
            let chaining = words + pending * 8
            chaining.update(from: key, count: 8)
            let chunk = UnsafeRawBufferPointer(rebasing: input[index * Self.chunkSize..<(index + 1) * Self.chunkSize])
            for block in 0..<16 {
                let flags = modeFlags | (block == 0 ? Flag.chunkStart : 0) | (block == 15 ? Flag.chunkEnd : 0)
                BLAKE3State.chain(
                    chaining, block: chunk.baseAddress! + block * Self.blockSize, counter: UInt64(index), length: 64,
                    flags: flags)
            }
            pending += 1
            // Each trailing zero of the chunk count closes one subtree.
            var count = index + 1
            while count & 1 == 0 {
                merge(&pending)
                count >>= 1
            }
        }
        openRoot(UnsafeRawBufferPointer(rebasing: input[(closed * Self.chunkSize)...]), index: UInt64(closed))
        guard pending > 0 else { return }
        while true {
            // The open node becomes the right child of the nearest pending subtree.
            let left = words + (pending - 1) * 8
            BLAKE3State.chain(
                rootChaining, block: rootBlock, counter: rootFlags & Flag.parent == 0 ? UInt64(closed) : 0,
                length: rootLength, flags: rootFlags)
            (rootBlock + 8).update(from: rootChaining, count: 8)
            rootBlock.update(from: left, count: 8)
            rootChaining.update(from: key, count: 8)
            rootLength = 64
            rootFlags = modeFlags | Flag.parent
            pending -= 1
            if pending == 0 { return }
        }
    }

    /// Joins the two topmost pending subtrees.
    private func merge(_ pending: inout Int) {
        let left = words + (pending - 2) * 8
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { block in
            guard let base = block.baseAddress else { return }
            for index in 0..<16 { base[index] = left[index].littleEndian }
            left.update(from: key, count: 8)
            BLAKE3State.chain(left, block: base, counter: 0, length: 64, flags: modeFlags | Flag.parent)
        }
        pending -= 1
    }

    /// Runs all blocks of the last chunk but its final one, which stays open.
    private mutating func openRoot(_ chunk: UnsafeRawBufferPointer, index: UInt64) {
        rootChaining.update(from: key, count: 8)
        let closed = chunk.isEmpty ? 0 : (chunk.count - 1) / Self.blockSize
        for block in 0..<closed {
            BLAKE3State.chain(
                rootChaining, block: chunk.baseAddress! + block * Self.blockSize, counter: index, length: 64,
                flags: modeFlags | (block == 0 ? Flag.chunkStart : 0))
        }
        let rest = UnsafeRawBufferPointer(rebasing: chunk[(closed * Self.blockSize)...])
        rootBlock.update(repeating: 0, count: 16)
        UnsafeMutableRawBufferPointer(start: rootBlock, count: Self.blockSize).copyMemory(from: rest)
        rootLength = UInt32(rest.count)
        rootFlags = modeFlags | Flag.chunkEnd | (closed == 0 ? Flag.chunkStart : 0)
    }

    /// Writes output block number `counter`, sixteen words.
    func output(_ counter: UInt64, into out: UnsafeMutablePointer<UInt32>) {
        BLAKE3State.expand(
            rootChaining, block: rootBlock, counter: counter, length: rootLength, flags: rootFlags | Flag.root,
            into: out)
    }
}
