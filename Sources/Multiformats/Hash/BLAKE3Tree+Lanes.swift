import CBLAKE3Lanes

extension BLAKE3Tree {
    /// Absorbs up to eight chunks side by side; the open chunk rides along for its whole blocks but the last.
    mutating func absorbInLanes(_ base: UnsafeRawPointer, count: Int, closedCount: Int) {
        var index = 0
        while closedCount - index >= Self.laneCount {
            chainLanes(base + index * Self.chunkSize, index: index, laneCount: Self.laneCount, tailCount: 16)
            mergeLanes()
            index += Self.laneCount
            mergeFinished(chunkCount: index / Self.laneCount)
        }
        guard index < closedCount else {
            return absorb(base, count: count, from: index, closedCount: closedCount)
        }
        let chunk = base + closedCount * Self.chunkSize
        let length = count - closedCount * Self.chunkSize
        let waiting = pendingCount
        chainLanes(
            base + index * Self.chunkSize, index: index, laneCount: closedCount - index + 1,
            tailCount: (length - 1) / Self.blockSize)
        let closedLanes = closedCount - index
        rootChaining.update(from: pending(waiting + closedLanes), count: 8)
        // The values lie where one chunk after another would have put them; merging them in order moves them left.
        for lane in 0..<closedLanes {
            pending(pendingCount).update(from: pending(waiting + lane), count: 8)
            pendingCount += 1
            mergeFinished(chunkCount: index + lane + 1)
        }
        openRoot(chunk, length: length)
    }

    /// Writes the values of consecutive chunks behind the waiting subtrees.
    private func chainLanes(_ start: UnsafeRawPointer, index: Int, laneCount: Int, tailCount: Int) {
        withInputs(start, stride: Self.chunkSize) { inputs in
            blake3_lanes_chain(
                inputs, laneCount, 16, tailCount, key, UInt64(index), true, modeFlags, Flag.chunkStart, Flag.chunkEnd,
                pending(pendingCount))
        }
    }

    /// Joins eight values behind the waiting subtrees into one.
    private mutating func mergeLanes() {
        let values = pending(pendingCount)
        for parentCount in [4, 2] {
            withInputs(UnsafeRawPointer(values), stride: Self.blockSize) { inputs in
                blake3_lanes_chain(
                    inputs, parentCount, 1, 1, key, 0, false, modeFlags | Flag.parent, 0, 0, values)
            }
        }
        pendingCount += 2
        mergeFinished(chunkCount: 2)
    }

    private func withInputs(
        _ start: UnsafeRawPointer, stride: Int, _ body: (UnsafePointer<UnsafePointer<UInt8>?>) -> Void
    ) {
        withUnsafeTemporaryAllocation(of: UnsafePointer<UInt8>?.self, capacity: Self.laneCount) { inputs in
            guard let base = inputs.baseAddress else { return }
            for lane in 0..<Self.laneCount {
                base[lane] = (start + lane * stride).assumingMemoryBound(to: UInt8.self)
            }
            body(base)
        }
    }

    /// Writes eight output blocks, 512 bytes, from block number `counter` on.
    func outputLanes(_ counter: UInt64, into out: UnsafeMutablePointer<UInt8>) {
        let block = UnsafeRawPointer(rootBlock).assumingMemoryBound(to: UInt8.self)
        blake3_lanes_expand(rootChaining, block, counter, rootLength, rootFlags | Flag.root, out)
    }
}
