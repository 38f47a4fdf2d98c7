/// Holds one value of the DAG-CBOR data model.
public enum CBOR: Sendable {
    case unsigned(UInt64)
    /// Stands for -1 - n.
    case negative(UInt64)
    case bytes([UInt8])
    case text(String)
    case array([CBOR])
    case map(CBORMap)
    /// Holds the binary form of any well-formed CID, without the zero byte in front; `CID(bytes:)` narrows it.
    case link([UInt8])
    case bool(Bool)
    case null
    case double(Double)

    /// Decodes exactly one value, refusing every encoding but the canonical one.
    public static func decode(_ bytes: [UInt8], limits: CBORLimits = .default) throws(MultiformatsError) -> CBOR {
        guard bytes.count <= limits.maxBytes else {
            throw MultiformatsError(.tooLarge, "the CBOR value is longer than \(limits.maxBytes) bytes")
        }
        let result: Result<CBOR, MultiformatsError> = bytes.withUnsafeBufferPointer { buffer in
            do throws(MultiformatsError) {
                var decoder = CBORDecoder(bytes: buffer, limits: limits)
                return .success(try decoder.decodeWhole())
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Gives the canonical encoding; `decode(encoded())` is the same value unless a double is not finite.
    public func encoded() -> [UInt8] {
        var encoder = CBOREncoder(reserving: 256)
        encoder.append(self)
        return encoder.bytes
    }

    public static func int(_ value: Int64) -> CBOR {
        value >= 0 ? .unsigned(UInt64(value)) : .negative(UInt64(bitPattern: ~value))
    }

    public static func link(_ cid: CID) -> CBOR { .link(cid.bytes) }
}

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

/// Bounds what an encoded value may ask for, before any of it is built.
public struct CBORLimits: Sendable, Hashable {
    public var maxBytes: Int
    public var maxDepth: Int
    /// Counts all values, nested ones included.
    public var maxItems: Int

    public static let `default` = CBORLimits()

    public init(maxBytes: Int = 1 << 20, maxDepth: Int = 64, maxItems: Int = 100_000) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
        self.maxItems = maxItems
    }
}

/// Checks the shape of CIDs in links, whatever their hash function: the codec carries what identity refuses.
enum CBORLink {
    static func isWellFormed(_ bytes: some Collection<UInt8>) -> Bool {
        // Version 0 is a bare SHA-256 multihash.
        if bytes.count == 34, bytes.starts(with: [0x12, 0x20]) { return true }
        guard let version = Varint.decode(bytes), version.value == 1 else { return false }
        let afterVersion = bytes.dropFirst(version.byteCount)
        guard let codec = Varint.decode(afterVersion) else { return false }
        let afterCodec = afterVersion.dropFirst(codec.byteCount)
        guard let hash = Varint.decode(afterCodec) else { return false }
        let afterHash = afterCodec.dropFirst(hash.byteCount)
        guard let length = Varint.decode(afterHash) else { return false }
        return UInt64(afterHash.count - length.byteCount) == length.value
    }
}
