/// Hashes with a secret drawn per process, so that nobody can choose ids that collide in the tables.
struct KeyedHash: Sendable {
    let first: UInt64
    let second: UInt64

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
    func hash(_ a: UInt64) -> UInt64 { mix(a, mix(a, second)) }

    @inline(__always)
    func hash(_ a: UInt64, _ b: UInt64) -> UInt64 { mix(mix(a, b), b ^ first) }

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
        return mix(state, second)
    }
}
