/// Hashes bytes with the original Keccak-256 of Ethereum: padding 0x01, unlike SHA3-256.
public enum Keccak256 {
    private static let rate = 136

    public static func hash(_ bytes: [UInt8]) -> Digest {
        bytes.withUnsafeBytes { input in
            withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 25 + rate / 8) { scratch in
                guard let state = scratch.baseAddress else { return .zero }
                state.update(repeating: 0, count: scratch.count)
                var rest = input[...]
                while rest.count >= rate {
                    absorb(UnsafeRawBufferPointer(rebasing: rest), into: state)
                    rest = rest.dropFirst(rate)
                }
                let last = UnsafeMutableRawBufferPointer(start: state + 25, count: rate)
                last.copyMemory(from: UnsafeRawBufferPointer(rebasing: rest))
                last[rest.count] ^= 0x01
                last[rate - 1] ^= 0x80
                absorb(UnsafeRawBufferPointer(last), into: state)
                return Digest(
                    w0: state[0].byteSwapped, w1: state[1].byteSwapped, w2: state[2].byteSwapped,
                    w3: state[3].byteSwapped)
            }
        }
    }

    private static func absorb(_ block: UnsafeRawBufferPointer, into state: UnsafeMutablePointer<UInt64>) {
        for lane in 0..<rate / 8 {
            state[lane] ^= UInt64(littleEndian: block.loadUnaligned(fromByteOffset: lane * 8, as: UInt64.self))
        }
        KeccakPermutation.apply(state)
    }
}
