extension CBOR: Hashable {
    public static func == (left: CBOR, right: CBOR) -> Bool {
        switch (left, right) {
        case (.unsigned(let a), .unsigned(let b)): a == b
        case (.negative(let a), .negative(let b)): a == b
        case (.bytes(let a), .bytes(let b)): a == b
        case (.text(let a), .text(let b)): UTF8Bytes.equal(a, b)
        case (.array(let a), .array(let b)): a == b
        case (.map(let a), .map(let b)): a == b
        case (.link(let a), .link(let b)): a == b
        case (.bool(let a), .bool(let b)): a == b
        case (.null, .null): true
        case (.double(let a), .double(let b)): a.bitPattern == b.bitPattern
        case (.unsigned, _), (.negative, _), (.bytes, _), (.text, _), (.array, _), (.map, _), (.link, _), (.bool, _),
            (.null, _), (.double, _):
            false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .unsigned(let value):
            hasher.combine(0 as UInt8)
            hasher.combine(value)
        case .negative(let value):
            hasher.combine(1 as UInt8)
            hasher.combine(value)
        case .bytes(let value):
            hasher.combine(2 as UInt8)
            hasher.combine(value)
        case .text(let value):
            hasher.combine(3 as UInt8)
            UTF8Bytes.hash(value, into: &hasher)
        case .array(let value):
            hasher.combine(4 as UInt8)
            hasher.combine(value)
        case .map(let value):
            hasher.combine(5 as UInt8)
            hasher.combine(value)
        case .link(let value):
            hasher.combine(6 as UInt8)
            hasher.combine(value)
        case .bool(let value):
            hasher.combine(7 as UInt8)
            hasher.combine(value)
        case .null: hasher.combine(8 as UInt8)
        case .double(let value):
            hasher.combine(9 as UInt8)
            hasher.combine(value.bitPattern)
        }
    }
}
