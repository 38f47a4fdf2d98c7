/// Writes values with the shortest heads and maps in DAG-CBOR order.
struct CBOREncoder {
    private(set) var bytes: [UInt8] = []

    init(reserving byteCount: Int) { bytes.reserveCapacity(byteCount) }

    mutating func append(_ value: CBOR) {
        switch value {
        case .unsigned(let value): head(.unsigned, value)
        case .negative(let value): head(.negative, value)
        case .bytes(let value):
            head(.bytes, UInt64(value.count))
            bytes.append(contentsOf: value)
        case .text(let value): text(value)
        case .array(let values):
            head(.array, UInt64(values.count))
            for element in values { append(element) }
        case .map(let map):
            head(.map, UInt64(map.count))
            for entry in map.entries {
                text(entry.key)
                append(entry.value)
            }
        case .link(let cid):
            head(.tag, CBORDecoder.linkTag)
            head(.bytes, UInt64(cid.count + 1))
            bytes.append(0)
            bytes.append(contentsOf: cid)
        case .bool(let value): bytes.append(value ? 0xf5 : 0xf4)
        case .null: bytes.append(0xf6)
        case .double(let value):
            bytes.append(0xfb)
            appendBigEndian(value.bitPattern, byteCount: 8)
        }
    }

    private mutating func text(_ text: String) {
        head(.text, UInt64(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func head(_ major: CBORMajor, _ value: UInt64) {
        let type = major.rawValue << 5
        switch value {
        case 0..<24: bytes.append(type | UInt8(value))
        case 24...0xff:
            bytes.append(type | 24)
            bytes.append(UInt8(value))
        case 0x100...0xffff:
            bytes.append(type | 25)
            appendBigEndian(value, byteCount: 2)
        case 0x1_0000...0xffff_ffff:
            bytes.append(type | 26)
            appendBigEndian(value, byteCount: 4)
        default:
            bytes.append(type | 27)
            appendBigEndian(value, byteCount: 8)
        }
    }

    private mutating func appendBigEndian(_ value: UInt64, byteCount: Int) {
        for index in (0..<byteCount).reversed() { bytes.append(UInt8(truncatingIfNeeded: value >> (index * 8))) }
    }
}

/// Names the eight kinds a CBOR head can announce.
enum CBORMajor: UInt8 {
    case unsigned, negative, bytes, text, array, map, tag, simple
}
