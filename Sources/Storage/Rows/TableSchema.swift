/// A table as its owner declares it: each engine makes it in its own words.
///
/// Names are lower-case words; an engine need not quote them.
package final class TableSchema: Sendable {
    package let name: String
    /// In the order of their places.
    package let columns: [ColumnDefinition]
    package let key: TableKey
    package let indexes: [TableIndex]

    package init(_ name: String, _ columns: [any AnyColumn], key: TableKey, indexes: [TableIndex] = []) {
        self.name = name
        self.columns = columns.map(\.definition)
        self.key = key
        self.indexes = indexes
        // Statements are remembered by the places of their columns, seven bits each (`RowShape`).
        precondition(columns.count < 112, "the table `\(name)` has too many columns")
        for (place, column) in self.columns.enumerated() {
            precondition(column.place == place, "the column `\(column.name)` of `\(name)` is not at its place")
        }
    }

    /// The columns by which a row is named.
    var keyColumns: [ColumnDefinition] {
        switch key {
        case .number(let column, _): [column.definition]
        case .columns(let columns): columns.map(\.definition)
        }
    }
}

extension TableSchema: Hashable {
    package static func == (left: TableSchema, right: TableSchema) -> Bool { left === right }
    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

/// A type that stands for one table and holds its columns.
package protocol Table {
    static var schema: TableSchema { get }
}

/// By what a row of a table is named.
package enum TableKey: Sendable {
    /// A number that the engine gives where an insert names none: one above the highest, or with `neverReturns` one that
    /// no row ever had.
    case number(Column<Int64>, neverReturns: Bool = false)
    case columns([any AnyColumn])
}

/// An order in which rows are found, or that allows each value once. Null is like no other value.
package struct TableIndex: Sendable {
    package let columns: [ColumnDefinition]
    package let isUnique: Bool
    /// Leaves out rows that do not meet it.
    package let condition: Term?

    package init(_ columns: [any AnyColumn], isUnique: Bool = false, where condition: Term? = nil) {
        self.columns = columns.map(\.definition)
        self.isUnique = isUnique
        self.condition = condition
    }
}

/// What a column is, whatever its type in Swift.
package final class ColumnDefinition: Sendable {
    package let name: String
    /// Where it stands in its table, from 0.
    package let place: Int
    let type: ColumnType
    let isOptional: Bool
    /// How the value is made of other columns, of one that nobody writes.
    let computed: ComputedColumn?

    init(_ name: String, _ place: Int, _ type: ColumnType, isOptional: Bool, computed: ComputedColumn?) {
        self.name = name
        self.place = place
        self.type = type
        self.isOptional = isOptional
        self.computed = computed
    }
}

/// A value that is made of others of its row.
package enum ComputedColumn: Sendable {
    /// Two texts with a slash between them.
    case path(Column<String>, Column<String>)
    /// The length of that path, in characters.
    case pathLength(Column<String>, Column<String>)
}

package protocol AnyColumn: Sendable {
    var definition: ColumnDefinition { get }
}

/// A column of one type; see `TableSchema`.
package struct Column<Value: ColumnValue>: AnyColumn {
    package let definition: ColumnDefinition

    package init(_ name: String, at place: Int, computed: ComputedColumn? = nil) {
        definition = ColumnDefinition(
            name, place, Value.columnType, isOptional: Value.isOptional, computed: computed)
    }
}
