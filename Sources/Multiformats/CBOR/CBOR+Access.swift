/// Each property gives the payload of its case and nil for other values.
extension CBOR {
    public var text: String? { if case .text(let value) = self { value } else { nil } }
    public var bytes: [UInt8]? { if case .bytes(let value) = self { value } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var array: [CBOR]? { if case .array(let value) = self { value } else { nil } }
    public var map: CBORMap? { if case .map(let value) = self { value } else { nil } }
    public var link: [UInt8]? { if case .link(let value) = self { value } else { nil } }
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// Gives an integer of the 64-bit signed range; nil for others and for doubles.
    public var int64: Int64? {
        switch self {
        case .unsigned(let value): Int64(exactly: value)
        case .negative(let value): Int64(exactly: value).map { ~$0 }
        case .bytes, .text, .array, .map, .link, .bool, .null, .double: nil
        }
    }

    /// Finds an entry of a map by the bytes of its key; nil for other values.
    public subscript(_ key: String) -> CBOR? { map?[key] }
}
