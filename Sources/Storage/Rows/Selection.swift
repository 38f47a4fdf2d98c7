/// Which rows of one table are meant, in which order, and which of their columns.
package struct Selection: Sendable {
    let table: TableSchema
    /// All of them where none is named.
    var columns: [ColumnDefinition] = []
    /// A row has to meet every one.
    var terms: [Term] = []
    /// Nothing is promised of the order where none is named.
    var order: [Order] = []
    /// The most rows, after leaving out so many.
    var limit: Int?
    var offset = 0
}

/// A condition on the values of a row. A comparison with null is never met, nor one of null.
package struct Term: Sendable {
    package enum Comparison: UInt8, Sendable {
        case equal, notEqual, below, atMost, above, atLeast, isNull, isNotNull
    }

    let column: ColumnDefinition
    let comparison: Comparison
    /// Nil for a test for null.
    let value: RowValue?
    /// What is compared after the column, like the words of a dictionary.
    let further: ArraySlice<Assignment>
    /// True where the value is part of the question: an engine may then find rows by an index that leaves others out.
    var isLiteral = false

    init(_ column: ColumnDefinition, _ comparison: Comparison, _ value: RowValue) {
        self.column = column
        self.comparison = comparison
        self.value = value
        further = []
    }

    init(_ column: ColumnDefinition, _ comparison: Comparison) {
        self.column = column
        self.comparison = comparison
        value = nil
        further = []
    }

    private init(_ place: [Assignment], _ comparison: Comparison) {
        column = place[0].column
        self.comparison = comparison
        value = place[0].value
        further = place.dropFirst()
    }

    var columns: [ColumnDefinition] { [column] + further.map(\.column) }

    /// Met by rows behind a place, where the columns are compared one after the other.
    package static func behind(_ place: Assignment..., descending: Bool = false) -> Term {
        Term(place, descending ? .below : .above)
    }

    /// Met by the rows at a place and behind it.
    package static func from(_ place: Assignment..., descending: Bool = false) -> Term {
        Term(place, descending ? .atMost : .atLeast)
    }
}

extension Column {
    package func `is`(_ value: Value) -> Term { Term(definition, .equal, value.rowValue) }
    package func isNot(_ value: Value) -> Term { Term(definition, .notEqual, value.rowValue) }
    package func isBelow(_ value: Value) -> Term { Term(definition, .below, value.rowValue) }
    package func isAtMost(_ value: Value) -> Term { Term(definition, .atMost, value.rowValue) }
    package func isAbove(_ value: Value) -> Term { Term(definition, .above, value.rowValue) }
    package func isAtLeast(_ value: Value) -> Term { Term(definition, .atLeast, value.rowValue) }
    package var isNull: Term { Term(definition, .isNull) }
    package var isNotNull: Term { Term(definition, .isNotNull) }

    package var ascending: Order { Order(column: definition, isDescending: false) }
    package var descending: Order { Order(column: definition, isDescending: true) }

    package func to(_ value: Value) -> Assignment { Assignment(column: definition, value: value.rowValue) }
}

extension Column where Value == Bool {
    package func `is`(_ value: Bool) -> Term {
        var term = Term(definition, .equal, value.rowValue)
        term.isLiteral = true
        return term
    }
}

extension Column where Value == Int64 {
    /// Adds to what the row holds; for updates alone.
    package func adding(_ value: Int64) -> Assignment {
        Assignment(column: definition, value: .integer(value), isAdded: true)
    }
}

/// By which column rows are ordered.
package struct Order: Sendable {
    let column: ColumnDefinition
    let isDescending: Bool
}

/// A value for a column.
package struct Assignment: Sendable {
    let column: ColumnDefinition
    let value: RowValue
    var isAdded = false
}
