/// Holds the sixteen words of the BLAKE3 compression function while its rounds run.
struct BLAKE3State {
    static let iv: (UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32, UInt32) = (
        0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a, 0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19
    )

    var v0, v1, v2, v3, v4, v5, v6, v7: UInt32
    var v8, v9, v10, v11, v12, v13, v14, v15: UInt32

    /// Runs all seven rounds over one block of sixteen little-endian words.
    @inline(__always)
    init(chaining: UnsafePointer<UInt32>, block: UnsafeRawPointer, counter: UInt64, length: UInt32, flags: UInt32) {
        (v0, v1, v2, v3) = (chaining[0], chaining[1], chaining[2], chaining[3])
        (v4, v5, v6, v7) = (chaining[4], chaining[5], chaining[6], chaining[7])
        (v8, v9, v10, v11) = (Self.iv.0, Self.iv.1, Self.iv.2, Self.iv.3)
        v12 = UInt32(truncatingIfNeeded: counter)
        v13 = UInt32(truncatingIfNeeded: counter >> 32)
        (v14, v15) = (length, flags)
        // The message words of each round, in the order the specification's permutation gives.
        round(block, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15)
        round(block, 2, 6, 3, 10, 7, 0, 4, 13, 1, 11, 12, 5, 9, 14, 15, 8)
        round(block, 3, 4, 10, 12, 13, 2, 7, 14, 6, 5, 9, 0, 11, 15, 8, 1)
        round(block, 10, 7, 12, 9, 14, 3, 13, 15, 4, 0, 11, 2, 5, 8, 1, 6)
        round(block, 12, 13, 9, 11, 15, 10, 14, 8, 7, 2, 5, 3, 0, 1, 6, 4)
        round(block, 9, 14, 11, 5, 8, 12, 15, 1, 13, 3, 0, 10, 2, 6, 4, 7)
        round(block, 11, 15, 5, 0, 1, 9, 8, 6, 14, 10, 2, 12, 3, 4, 7, 13)
    }

    @inline(__always)
    private mutating func round(
        _ m: UnsafeRawPointer,
        _ i0: Int, _ i1: Int, _ i2: Int, _ i3: Int, _ i4: Int, _ i5: Int, _ i6: Int, _ i7: Int,
        _ i8: Int, _ i9: Int, _ i10: Int, _ i11: Int, _ i12: Int, _ i13: Int, _ i14: Int, _ i15: Int
    ) {
        Self.mix(&v0, &v4, &v8, &v12, Self.word(m, i0), Self.word(m, i1))
        Self.mix(&v1, &v5, &v9, &v13, Self.word(m, i2), Self.word(m, i3))
        Self.mix(&v2, &v6, &v10, &v14, Self.word(m, i4), Self.word(m, i5))
        Self.mix(&v3, &v7, &v11, &v15, Self.word(m, i6), Self.word(m, i7))
        Self.mix(&v0, &v5, &v10, &v15, Self.word(m, i8), Self.word(m, i9))
        Self.mix(&v1, &v6, &v11, &v12, Self.word(m, i10), Self.word(m, i11))
        Self.mix(&v2, &v7, &v8, &v13, Self.word(m, i12), Self.word(m, i13))
        Self.mix(&v3, &v4, &v9, &v14, Self.word(m, i14), Self.word(m, i15))
    }

    @inline(__always)
    private static func word(_ block: UnsafeRawPointer, _ index: Int) -> UInt32 {
        UInt32(littleEndian: block.loadUnaligned(fromByteOffset: index * 4, as: UInt32.self))
    }

    @inline(__always)
    private static func mix(
        _ a: inout UInt32, _ b: inout UInt32, _ c: inout UInt32, _ d: inout UInt32, _ x: UInt32, _ y: UInt32
    ) {
        a = a &+ b &+ x
        d = turn(d ^ a, 16)
        c = c &+ d
        b = turn(b ^ c, 12)
        a = a &+ b &+ y
        d = turn(d ^ a, 8)
        c = c &+ d
        b = turn(b ^ c, 7)
    }

    @inline(__always)
    private static func turn(_ word: UInt32, _ count: UInt32) -> UInt32 {
        word &>> count | word &<< (32 - count)
    }

    /// Replaces a chaining value by the next one.
    static func chain(
        _ chaining: UnsafeMutablePointer<UInt32>, block: UnsafeRawPointer, counter: UInt64, length: UInt32,
        flags: UInt32
    ) {
        let state = BLAKE3State(chaining: chaining, block: block, counter: counter, length: length, flags: flags)
        chaining[0] = state.v0 ^ state.v8
        chaining[1] = state.v1 ^ state.v9
        chaining[2] = state.v2 ^ state.v10
        chaining[3] = state.v3 ^ state.v11
        chaining[4] = state.v4 ^ state.v12
        chaining[5] = state.v5 ^ state.v13
        chaining[6] = state.v6 ^ state.v14
        chaining[7] = state.v7 ^ state.v15
    }

    /// Writes the sixteen output words of a root block.
    static func expand(
        _ chaining: UnsafePointer<UInt32>, block: UnsafeRawPointer, counter: UInt64, length: UInt32, flags: UInt32,
        into out: UnsafeMutablePointer<UInt32>
    ) {
        let state = BLAKE3State(chaining: chaining, block: block, counter: counter, length: length, flags: flags)
        out[0] = state.v0 ^ state.v8
        out[1] = state.v1 ^ state.v9
        out[2] = state.v2 ^ state.v10
        out[3] = state.v3 ^ state.v11
        out[4] = state.v4 ^ state.v12
        out[5] = state.v5 ^ state.v13
        out[6] = state.v6 ^ state.v14
        out[7] = state.v7 ^ state.v15
        out[8] = state.v8 ^ chaining[0]
        out[9] = state.v9 ^ chaining[1]
        out[10] = state.v10 ^ chaining[2]
        out[11] = state.v11 ^ chaining[3]
        out[12] = state.v12 ^ chaining[4]
        out[13] = state.v13 ^ chaining[5]
        out[14] = state.v14 ^ chaining[6]
        out[15] = state.v15 ^ chaining[7]
    }
}
