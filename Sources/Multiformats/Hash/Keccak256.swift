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

/// Runs the 24 rounds of Keccak-f[1600], each step written out on local words so the state stays in registers.
enum KeccakPermutation {
    static let roundConstants: [UInt64] = [
        0x0000_0000_0000_0001, 0x0000_0000_0000_8082, 0x8000_0000_0000_808a, 0x8000_0000_8000_8000,
        0x0000_0000_0000_808b, 0x0000_0000_8000_0001, 0x8000_0000_8000_8081, 0x8000_0000_0000_8009,
        0x0000_0000_0000_008a, 0x0000_0000_0000_0088, 0x0000_0000_8000_8009, 0x0000_0000_8000_000a,
        0x0000_0000_8000_808b, 0x8000_0000_0000_008b, 0x8000_0000_0000_8089, 0x8000_0000_0000_8003,
        0x8000_0000_0000_8002, 0x8000_0000_0000_0080, 0x0000_0000_0000_800a, 0x8000_0000_8000_000a,
        0x8000_0000_8000_8081, 0x8000_0000_0000_8080, 0x0000_0000_8000_0001, 0x8000_0000_8000_8008,
    ]

    /// Permutes 25 lanes in place.
    static func apply(_ s: UnsafeMutablePointer<UInt64>) {
        var a0 = s[0], a1 = s[1], a2 = s[2], a3 = s[3], a4 = s[4]
        var a5 = s[5], a6 = s[6], a7 = s[7], a8 = s[8], a9 = s[9]
        var a10 = s[10], a11 = s[11], a12 = s[12], a13 = s[13], a14 = s[14]
        var a15 = s[15], a16 = s[16], a17 = s[17], a18 = s[18], a19 = s[19]
        var a20 = s[20], a21 = s[21], a22 = s[22], a23 = s[23], a24 = s[24]
        for constant in roundConstants {
            let c0 = a0 ^ a5 ^ a10 ^ a15 ^ a20
            let c1 = a1 ^ a6 ^ a11 ^ a16 ^ a21
            let c2 = a2 ^ a7 ^ a12 ^ a17 ^ a22
            let c3 = a3 ^ a8 ^ a13 ^ a18 ^ a23
            let c4 = a4 ^ a9 ^ a14 ^ a19 ^ a24
            let d0 = c4 ^ turn(c1, 1)
            let d1 = c0 ^ turn(c2, 1)
            let d2 = c1 ^ turn(c3, 1)
            let d3 = c2 ^ turn(c4, 1)
            let d4 = c3 ^ turn(c0, 1)
            let b0 = a0 ^ d0
            let b10 = turn(a1 ^ d1, 1)
            let b20 = turn(a2 ^ d2, 62)
            let b5 = turn(a3 ^ d3, 28)
            let b15 = turn(a4 ^ d4, 27)
            let b16 = turn(a5 ^ d0, 36)
            let b1 = turn(a6 ^ d1, 44)
            let b11 = turn(a7 ^ d2, 6)
            let b21 = turn(a8 ^ d3, 55)
            let b6 = turn(a9 ^ d4, 20)
            let b7 = turn(a10 ^ d0, 3)
            let b17 = turn(a11 ^ d1, 10)
            let b2 = turn(a12 ^ d2, 43)
            let b12 = turn(a13 ^ d3, 25)
            let b22 = turn(a14 ^ d4, 39)
            let b23 = turn(a15 ^ d0, 41)
            let b8 = turn(a16 ^ d1, 45)
            let b18 = turn(a17 ^ d2, 15)
            let b3 = turn(a18 ^ d3, 21)
            let b13 = turn(a19 ^ d4, 8)
            let b14 = turn(a20 ^ d0, 18)
            let b24 = turn(a21 ^ d1, 2)
            let b9 = turn(a22 ^ d2, 61)
            let b19 = turn(a23 ^ d3, 56)
            let b4 = turn(a24 ^ d4, 14)
            a0 = b0 ^ (~b1 & b2)
            a1 = b1 ^ (~b2 & b3)
            a2 = b2 ^ (~b3 & b4)
            a3 = b3 ^ (~b4 & b0)
            a4 = b4 ^ (~b0 & b1)
            a5 = b5 ^ (~b6 & b7)
            a6 = b6 ^ (~b7 & b8)
            a7 = b7 ^ (~b8 & b9)
            a8 = b8 ^ (~b9 & b5)
            a9 = b9 ^ (~b5 & b6)
            a10 = b10 ^ (~b11 & b12)
            a11 = b11 ^ (~b12 & b13)
            a12 = b12 ^ (~b13 & b14)
            a13 = b13 ^ (~b14 & b10)
            a14 = b14 ^ (~b10 & b11)
            a15 = b15 ^ (~b16 & b17)
            a16 = b16 ^ (~b17 & b18)
            a17 = b17 ^ (~b18 & b19)
            a18 = b18 ^ (~b19 & b15)
            a19 = b19 ^ (~b15 & b16)
            a20 = b20 ^ (~b21 & b22)
            a21 = b21 ^ (~b22 & b23)
            a22 = b22 ^ (~b23 & b24)
            a23 = b23 ^ (~b24 & b20)
            a24 = b24 ^ (~b20 & b21)
            a0 ^= constant
        }
        s[0] = a0
        s[1] = a1
        s[2] = a2
        s[3] = a3
        s[4] = a4
        s[5] = a5
        s[6] = a6
        s[7] = a7
        s[8] = a8
        s[9] = a9
        s[10] = a10
        s[11] = a11
        s[12] = a12
        s[13] = a13
        s[14] = a14
        s[15] = a15
        s[16] = a16
        s[17] = a17
        s[18] = a18
        s[19] = a19
        s[20] = a20
        s[21] = a21
        s[22] = a22
        s[23] = a23
        s[24] = a24
    }

    @inline(__always)
    private static func turn(_ lane: UInt64, _ count: UInt64) -> UInt64 {
        lane &<< count | lane &>> (64 - count)
    }
}
