import Multiformats

/// Builds the compact binary form in which a change is kept in the log. Integers are little-endian base-128.
struct RecordWriter {
    private(set) var bytes: [UInt8] = []

    /// Makes room for what most records take.
    init() { bytes.reserveCapacity(512) }

    mutating func byte(_ value: UInt8) { bytes.append(value) }

    mutating func number(_ value: UInt32) { number(UInt64(value)) }

    mutating func number(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    mutating func fixed(_ value: Int64) {
        withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
    }

    mutating func digest(_ digest: Digest) {
        for word in [digest.w0, digest.w1, digest.w2, digest.w3] {
            withUnsafeBytes(of: word.littleEndian) { bytes.append(contentsOf: $0) }
        }
    }

    mutating func blob(_ bytes: [UInt8]) { bytes.withUnsafeBytes { blob($0) } }

    mutating func blob(_ blob: UnsafeRawBufferPointer) {
        number(UInt64(blob.count))
        bytes.append(contentsOf: blob)
    }
}

/// Reads what `RecordWriter` wrote; throws `malformedRecord` instead of reading past the end.
struct RecordReader {
    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    static let malformed = GraphError(.malformedRecord, "a log record is malformed")

    mutating func byte() throws(GraphError) -> UInt8 {
        guard offset < bytes.count else { throw Self.malformed }
        offset += 1
        return bytes[offset - 1]
    }

    @inline(__always)
    mutating func number() throws(GraphError) -> UInt64 {
        guard bytes.count - offset >= 8 else { return try longNumber() }
        // Eight bytes at a look: the first without its highest bit ends the number.
        let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        let ends = ~word & 0x8080_8080_8080_8080
        guard ends != 0 else { return try longNumber() }
        offset += (ends.trailingZeroBitCount + 1) >> 3
        // The bytes of the number, then their seven bits each put together by twos, fours and eights.
        let sevens = word & (ends ^ (ends &- 1)) & 0x7F7F_7F7F_7F7F_7F7F
        let pairs = sevens & 0x007F_007F_007F_007F | (sevens & 0x7F00_7F00_7F00_7F00) >> 1
        let fours = pairs & 0x0000_3FFF_0000_3FFF | (pairs & 0x3FFF_0000_3FFF_0000) >> 2
        return fours & 0x0FFF_FFFF | (fours & 0x0FFF_FFFF_0000_0000) >> 4
    }

    private mutating func longNumber() throws(GraphError) -> UInt64 {
        var result: UInt64 = 0
        var shift: UInt64 = 0
        while true {
            let next = try byte()
            guard shift < 63 || next <= 1 else { throw Self.malformed }
            result |= UInt64(next & 0x7F) << shift
            if next < 0x80 { return result }
            shift += 7
        }
    }

    /// A 32-bit number below `bound`.
    mutating func id(below bound: Int) throws(GraphError) -> UInt32 {
        let value = try number()
        guard value < UInt64(bound), let id = UInt32(exactly: value) else { throw Self.malformed }
        return id
    }

    @inline(__always)
    mutating func fixed() throws(GraphError) -> Int64 {
        guard bytes.count - offset >= 8 else { throw Self.malformed }
        defer { offset += 8 }
        return Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int64.self))
    }

    mutating func digest() throws(GraphError) -> Digest {
        let w0 = UInt64(bitPattern: try fixed())
        let w1 = UInt64(bitPattern: try fixed())
        let w2 = UInt64(bitPattern: try fixed())
        let w3 = UInt64(bitPattern: try fixed())
        return Digest(w0: w0, w1: w1, w2: w2, w3: w3)
    }

    mutating func blob() throws(GraphError) -> UnsafeRawBufferPointer {
        let count = try number()
        guard count <= UInt64(bytes.count - offset) else { throw Self.malformed }
        defer { offset += Int(count) }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<(offset + Int(count))])
    }
}
