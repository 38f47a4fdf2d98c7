import Multiformats

/// A value as a row holds it. Texts are their bytes: two spellings of one letter are two values.
package enum RowValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])
}

/// What a column holds; a flag is an integer, 0 or 1.
package enum ColumnType: Sendable, Hashable {
    case integer
    case text
    case blob
}

/// A type that a column can have.
package protocol ColumnValue: Sendable {
    static var columnType: ColumnType { get }
    static var isOptional: Bool { get }
    var rowValue: RowValue { get }
}

extension ColumnValue {
    package static var isOptional: Bool { false }
}

extension Int64: ColumnValue {
    package static var columnType: ColumnType { .integer }
    package var rowValue: RowValue { .integer(self) }
}

extension Bool: ColumnValue {
    package static var columnType: ColumnType { .integer }
    package var rowValue: RowValue { .integer(self ? 1 : 0) }
}

extension String: ColumnValue {
    package static var columnType: ColumnType { .text }
    package var rowValue: RowValue { .text(self) }
}

extension [UInt8]: ColumnValue {
    package static var columnType: ColumnType { .blob }
    package var rowValue: RowValue { .blob(self) }
}

extension Optional: ColumnValue where Wrapped: ColumnValue {
    package static var columnType: ColumnType { Wrapped.columnType }
    package static var isOptional: Bool { true }
    package var rowValue: RowValue { self?.rowValue ?? .null }
}

extension RowValue {
    /// The one order of values on every engine: null, integers, texts and blobs by their bytes.
    static func precedes(_ left: RowValue, _ right: RowValue) -> Bool { compare(left, right) < 0 }

    /// Below, at or above 0 as the left value stands before, with or after the right one.
    static func compare(_ left: RowValue, _ right: RowValue) -> Int {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left < right ? -1 : left > right ? 1 : 0
        case (.text(let left), .text(let right)): compare(left.utf8, right.utf8)
        case (.blob(let left), .blob(let right)): compare(left, right)
        default: left.rank - right.rank
        }
    }

    private static func compare(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> Int {
        left.lexicographicallyPrecedes(right) ? -1 : left.elementsEqual(right) ? 0 : 1
    }

    private var rank: Int {
        switch self {
        case .null: 0
        case .integer: 1
        case .text: 2
        case .blob: 3
        }
    }

    var isNull: Bool { self == .null }
}

extension RowValue {
    package static func == (left: RowValue, right: RowValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.integer(let left), .integer(let right)): left == right
        case (.text(let left), .text(let right)): UTF8Bytes.equal(left, right)
        case (.blob(let left), .blob(let right)): left == right
        case (.null, _), (.integer, _), (.text, _), (.blob, _): false
        }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(rank)
        switch self {
        case .null: break
        case .integer(let number): hasher.combine(number)
        case .text(let text): UTF8Bytes.hash(text, into: &hasher)
        case .blob(let bytes): hasher.combine(bytes)
        }
    }
}
