/// Hashes with a secret drawn per process, so that nobody can choose ids that collide in the tables.
struct KeyedHash: Sendable {
    let first: UInt64
    let second: UInt64

    /// An odd constant, so that no factor of `mix` is the secret itself, which would make the product zero.
    private static let spread: UInt64 = 0x9E37_79B9_7F4A_7C15

    init() {
        var generator = SystemRandomNumberGenerator()
        first = generator.next() | 1
        second = generator.next() | 1
    }

    @inline(__always)
    func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
        let (high, low) = (a ^ first).multipliedFullWidth(by: b ^ second)
        return high ^ low
    }

    @inline(__always)
    func hash(_ a: UInt64) -> UInt64 { mix(mix(a, Self.spread), Self.spread) }

    @inline(__always)
    func hash(_ a: UInt64, _ b: UInt64) -> UInt64 { mix(mix(a, Self.spread), b) }

    func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64) -> UInt64 {
        var state = mix(seed, UInt64(truncatingIfNeeded: bytes.count))
        var offset = 0
        while offset + 8 <= bytes.count {
            state = mix(state, bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
            offset += 8
        }
        var tail: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count {
            tail |= UInt64(bytes[offset]) << shift
            shift += 8
            offset += 1
        }
        state = mix(state, tail ^ (shift << 56))
        return mix(state, Self.spread)
    }
}
