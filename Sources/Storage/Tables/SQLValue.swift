/// A value bound to a parameter of a statement.
package enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case text(String)
    case blob([UInt8])

    package static func integer(_ value: Int) -> SQLValue { .integer(Int64(value)) }
    package static func bool(_ value: Bool) -> SQLValue { .integer(value ? 1 as Int64 : 0) }
    package static func text(optional value: String?) -> SQLValue { value.map { .text($0) } ?? .null }
    package static func integer(optional value: Int64?) -> SQLValue { value.map { .integer($0) } ?? .null }
    package static func blob(optional value: [UInt8]?) -> SQLValue { value.map { .blob($0) } ?? .null }
}

extension SQLValue: ExpressibleByIntegerLiteral, ExpressibleByStringLiteral, ExpressibleByNilLiteral {
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(stringLiteral value: String) { self = .text(value) }
    package init(nilLiteral: ()) { self = .null }
}

/// The row a query stands on; good only inside the call that is given it. Columns count from 0.
package struct SQLRow {
    let statement: SQLiteStatement

    package func integer(_ column: Int) -> Int64 { statement.integer(Int32(column)) }
    package func bool(_ column: Int) -> Bool { statement.integer(Int32(column)) != 0 }
    package func text(_ column: Int) -> String { statement.text(Int32(column)) }
    package func bytes(_ column: Int) -> [UInt8] { statement.bytes(Int32(column)) }
    package func isNull(_ column: Int) -> Bool { statement.isNull(Int32(column)) }

    package func optionalInteger(_ column: Int) -> Int64? { isNull(column) ? nil : integer(column) }
    package func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }
    package func optionalBytes(_ column: Int) -> [UInt8]? { isNull(column) ? nil : bytes(column) }
}
