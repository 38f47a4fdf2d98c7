import CBLAKE3Lanes

/// Hashes input of any size as a tree of 1 KiB chunks and keeps the root block, from which output of any length comes.
///
/// Words and bytes are used interchangeably: every platform of this package is little-endian.
struct BLAKE3Tree: ~Copyable {
    enum Flag {
        static let chunkStart: UInt32 = 1
        static let chunkEnd: UInt32 = 2
        static let parent: UInt32 = 4
        static let root: UInt32 = 8
        static let keyed: UInt32 = 16
    }

    typealias Key = (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32)

    static let chunkSize = 1024
    static let blockSize = 64
    static let laneCount = Int(BLAKE3_LANE_COUNT)

    /// Holds, one after another: root block (16), root chaining value (8), key (8), values of finished subtrees (8 each).
    let words: UnsafeMutablePointer<UInt32>
    let modeFlags: UInt32
    /// Counts the finished subtrees that wait for their right neighbour.
    var pendingCount = 0
    var rootLength: UInt32 = 0
    var rootFlags: UInt32 = 0

    var rootBlock: UnsafeMutablePointer<UInt32> { words }
    var rootChaining: UnsafeMutablePointer<UInt32> { words + 16 }
    var key: UnsafeMutablePointer<UInt32> { words + 24 }

    func pending(_ index: Int) -> UnsafeMutablePointer<UInt32> { words + 32 + index * 8 }

    /// Absorbs `input` under a key of eight words, the initial value when there is none.
    init(
        _ input: UnsafeRawBufferPointer, key keyWords: Key, modeFlags: UInt32,
        inLanes: Bool = blake3_lanes_available()
    ) {
        // The last chunk, full or not, stays open: it is the root when it is alone.
        let closedCount = max(0, input.count - 1) / Self.chunkSize
        // One waiting subtree for each bit of the chunk count, and room for one group of lanes.
        let depth = Int.bitWidth - closedCount.leadingZeroBitCount + (closedCount > 0 ? Self.laneCount : 0)
        words = .allocate(capacity: 32 + depth * 8)
        self.modeFlags = modeFlags
        (key[0], key[1], key[2], key[3]) = (keyWords.0, keyWords.1, keyWords.2, keyWords.3)
        (key[4], key[5], key[6], key[7]) = (keyWords.4, keyWords.5, keyWords.6, keyWords.7)
        rootChaining.update(from: key, count: 8)
        rootBlock.update(repeating: 0, count: 16)
        // Empty input has no address and is one empty block.
        guard let base = input.baseAddress, !input.isEmpty else {
            rootFlags = modeFlags | Flag.chunkStart | Flag.chunkEnd
            return
        }
        if closedCount > 0, inLanes {
            absorbInLanes(base, count: input.count, closedCount: closedCount)
        } else {
            absorb(base, count: input.count, from: 0, closedCount: closedCount)
        }
        closeTree(openChunk: UInt64(closedCount))
    }

    deinit { words.deallocate() }

    /// Absorbs chunks one after another, from chunk `first` on.
    mutating func absorb(_ base: UnsafeRawPointer, count: Int, from first: Int, closedCount: Int) {
        for index in first..<closedCount {
            pending(pendingCount).update(from: key, count: 8)
            chain(pending(pendingCount), chunk: base + index * Self.chunkSize, index: index, blockCount: 16)
            pendingCount += 1
            mergeFinished(chunkCount: index + 1)
        }
        let chunk = base + closedCount * Self.chunkSize
        let length = count - closedCount * Self.chunkSize
        chain(rootChaining, chunk: chunk, index: closedCount, blockCount: (length - 1) / Self.blockSize)
        openRoot(chunk, length: length)
    }

    /// Chains whole blocks from the start of a chunk; the sixteenth ends it.
    private func chain(
        _ chaining: UnsafeMutablePointer<UInt32>, chunk: UnsafeRawPointer, index: Int, blockCount: Int
    ) {
        for block in 0..<blockCount {
            let flags = modeFlags | (block == 0 ? Flag.chunkStart : 0) | (block == 15 ? Flag.chunkEnd : 0)
            BLAKE3State.chain(
                chaining, block: chunk + block * Self.blockSize, counter: UInt64(index), length: 64, flags: flags)
        }
    }

    /// Keeps the final block of the last chunk, which is not compressed before its place in the tree is known.
    mutating func openRoot(_ chunk: UnsafeRawPointer, length: Int) {
        let closed = (length - 1) / Self.blockSize
        let rest = length - closed * Self.blockSize
        rootBlock.update(repeating: 0, count: 16)
        UnsafeMutableRawPointer(rootBlock).copyMemory(from: chunk + closed * Self.blockSize, byteCount: rest)
        rootLength = UInt32(rest)
        rootFlags = modeFlags | Flag.chunkEnd | (closed == 0 ? Flag.chunkStart : 0)
    }

    /// Joins subtrees that are complete after `chunkCount` chunks: one for each trailing zero.
    mutating func mergeFinished(chunkCount: Int) {
        for _ in 0..<chunkCount.trailingZeroBitCount {
            pendingCount -= 1
            let left = pending(pendingCount - 1)
            // Both children lie side by side and are a block already; the parent replaces the left one.
            rootBlock.update(from: left, count: 16)
            left.update(from: key, count: 8)
            BLAKE3State.chain(left, block: rootBlock, counter: 0, length: 64, flags: modeFlags | Flag.parent)
        }
    }

    /// Makes the open node the right child of every waiting subtree, the nearest first, until it is the root.
    private mutating func closeTree(openChunk: UInt64) {
        var counter = openChunk
        while pendingCount > 0 {
            pendingCount -= 1
            BLAKE3State.chain(rootChaining, block: rootBlock, counter: counter, length: rootLength, flags: rootFlags)
            (rootBlock + 8).update(from: rootChaining, count: 8)
            rootBlock.update(from: pending(pendingCount), count: 8)
            rootChaining.update(from: key, count: 8)
            rootLength = 64
            rootFlags = modeFlags | Flag.parent
            counter = 0
        }
    }

    /// Writes output block number `counter`, sixteen words.
    func output(_ counter: UInt64, into out: UnsafeMutablePointer<UInt32>) {
        BLAKE3State.expand(
            rootChaining, block: rootBlock, counter: counter, length: rootLength, flags: rootFlags | Flag.root,
            into: out)
    }
}
