/// A parameter of a statement. The case decides its type, so that a text is always prepared with the same ones.
enum PostgresValue {
    case integer(Int64?)
    case text(String?)
    case bytes([UInt8]?)
    case integers([Int64])
    case blobs([[UInt8]])

    /// What the server calls the type.
    var type: UInt32 {
        switch self {
        case .integer: PostgresType.integer
        case .text: PostgresType.text
        case .bytes: PostgresType.bytes
        case .integers: PostgresType.integers
        case .blobs: PostgresType.blobs
        }
    }

    /// The bytes that are sent; nil for null.
    var encoded: [UInt8]? {
        switch self {
        case .integer(let number): return number.map { PostgresValue.bigEndian($0) }
        case .text(let text): return text.map { Array($0.utf8) }
        case .bytes(let bytes): return bytes
        case .integers(let numbers):
            return PostgresValue.array(of: PostgresType.integer, numbers.map { PostgresValue.bigEndian($0) })
        case .blobs(let blobs): return PostgresValue.array(of: PostgresType.bytes, blobs)
        }
    }

    /// A value for a column; nil where the column takes no such value: no text holds U+0000, which ends one at the server.
    init?(_ value: RowValue, for column: ColumnDefinition) {
        switch (column.type, value) {
        case (.integer, .integer(let number)): self = .integer(number)
        case (.integer, .null): self = .integer(nil)
        case (.text, .text(let text)):
            guard !text.utf8.contains(0) else { return nil }
            self = .text(text)
        case (.text, .null): self = .text(nil)
        case (.blob, .blob(let bytes)): self = .bytes(bytes)
        case (.blob, .null): self = .bytes(nil)
        case (.integer, _), (.text, _), (.blob, _): return nil
        }
    }

    static func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
        withUnsafeBytes(of: number.bigEndian) { [UInt8]($0) }
    }

    /// An array of one dimension, none of whose elements is null: five words, then each element behind its length.
    private static func array(of type: UInt32, _ elements: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + elements.reduce(0) { $0 + 4 + $1.count })
        let dimensions: UInt32 = elements.isEmpty ? 0 : 1
        for word in [dimensions, 0, type] { bytes += bigEndian(word) }
        if !elements.isEmpty { for word in [UInt32(elements.count), 1] { bytes += bigEndian(word) } }
        for element in elements {
            bytes += bigEndian(UInt32(element.count))
            bytes += element
        }
        return bytes
    }
}

/// The numbers by which the server calls the types that are used.
enum PostgresType {
    static let flag: UInt32 = 16
    static let bytes: UInt32 = 17
    static let integer: UInt32 = 20
    static let shortInteger: UInt32 = 23
    static let text: UInt32 = 25
    static let blobs: UInt32 = 1001
    static let integers: UInt32 = 1016

    /// Whether values of a type are read here: integers of 8 and 4 bytes, flags, texts and bytes.
    static func isRead(_ type: UInt32) -> Bool {
        [flag, bytes, integer, shortInteger, text].contains(type)
    }
}
