import CBLAKE3Lanes

/// Hashes bytes with BLAKE3: plain, keyed, and with output of any length.
public enum BLAKE3 {
    public static func hash(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { hash($0) }
    }

    public static func hash(_ bytes: UnsafeRawBufferPointer) -> Digest {
        digest(BLAKE3Tree(bytes, key: BLAKE3State.iv, modeFlags: 0))
    }

    /// Hashes under a 32-byte key.
    public static func keyedHash(key: Digest, _ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { digest(BLAKE3Tree($0, key: words(key), modeFlags: BLAKE3Tree.Flag.keyed)) }
    }

    /// Gives the first `count` bytes of the extended output, without end in sight.
    public static func xof(_ bytes: [UInt8], count: Int) -> [UInt8] {
        bytes.withUnsafeBytes { expand(BLAKE3Tree($0, key: BLAKE3State.iv, modeFlags: 0), count: count) }
    }

    /// Gives the first `count` bytes of the extended output under a 32-byte key.
    public static func keyedXOF(key: Digest, _ bytes: [UInt8], count: Int) -> [UInt8] {
        bytes.withUnsafeBytes {
            expand(BLAKE3Tree($0, key: words(key), modeFlags: BLAKE3Tree.Flag.keyed), count: count)
        }
    }

    private static func digest(_ tree: borrowing BLAKE3Tree) -> Digest {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { out in
            guard let words = out.baseAddress else { return .zero }
            tree.output(0, into: words)
            func pair(_ index: Int) -> UInt64 {
                UInt64(words[index].byteSwapped) << 32 | UInt64(words[index + 1].byteSwapped)
            }
            return Digest(w0: pair(0), w1: pair(2), w2: pair(4), w3: pair(6))
        }
    }

    private static func expand(_ tree: borrowing BLAKE3Tree, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: max(0, count)) { out, initialized in
            let laneBytes = BLAKE3Tree.laneCount * BLAKE3Tree.blockSize
            let lanes = blake3_lanes_available()
            withUnsafeTemporaryAllocation(of: UInt8.self, capacity: laneBytes) { scratch in
                guard let target = out.baseAddress, let part = scratch.baseAddress else { return }
                while initialized < count {
                    let rest = count - initialized
                    let counter = UInt64(initialized / BLAKE3Tree.blockSize)
                    if lanes, rest >= laneBytes {
                        tree.outputLanes(counter, into: target + initialized)
                        initialized += laneBytes
                    } else if lanes, rest > BLAKE3Tree.blockSize {
                        tree.outputLanes(counter, into: part)
                        (target + initialized).update(from: part, count: rest)
                        initialized += rest
                    } else {
                        let taken = min(rest, BLAKE3Tree.blockSize)
                        outputBlock(of: tree, counter, into: part)
                        (target + initialized).update(from: part, count: taken)
                        initialized += taken
                    }
                }
            }
        }
    }

    private static func outputBlock(
        of tree: borrowing BLAKE3Tree, _ counter: UInt64, into out: UnsafeMutablePointer<UInt8>
    ) {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 16) { words in
            guard let base = words.baseAddress else { return }
            tree.output(counter, into: base)
            UnsafeMutableRawPointer(out).copyMemory(from: base, byteCount: BLAKE3Tree.blockSize)
        }
    }

    private static func words(
        _ key: Digest
    ) -> (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) {
        func high(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32).byteSwapped }
        func low(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word).byteSwapped }
        return (
            high(key.w0), low(key.w0), high(key.w1), low(key.w1), high(key.w2), low(key.w2), high(key.w3), low(key.w3)
        )
    }
}
