/// Where the values of the row that a query stands on come from. Places count from 0.
package protocol RowSource: AnyObject {
    func integer(_ place: Int) -> Int64
    func text(_ place: Int) -> String
    func bytes(_ place: Int) -> [UInt8]
    /// Gives the bytes where they lie; they are good inside the call only.
    func withBytes(_ place: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) rethrows
    func isNull(_ place: Int) -> Bool
}

/// The row a query stands on; good only inside the call that is given it.
package struct Row {
    let source: any RowSource
    /// Where each column of the table stands in the row, by its place there; nil where all do as in the table.
    let places: ReadPlaces?

    package subscript(_ column: Column<Int64>) -> Int64 { source.integer(place(column.definition)) }
    package subscript(_ column: Column<Bool>) -> Bool { source.integer(place(column.definition)) != 0 }
    package subscript(_ column: Column<String>) -> String { source.text(place(column.definition)) }
    package subscript(_ column: Column<[UInt8]>) -> [UInt8] { source.bytes(place(column.definition)) }

    /// Gives the bytes of a column where they lie; they are good inside the call only.
    package func withBytes(
        of column: Column<[UInt8]>, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) rethrows {
        try source.withBytes(place(column.definition), body)
    }

    package subscript(_ column: Column<Int64?>) -> Int64? {
        let place = place(column.definition)
        return source.isNull(place) ? nil : source.integer(place)
    }

    package subscript(_ column: Column<String?>) -> String? {
        let place = place(column.definition)
        return source.isNull(place) ? nil : source.text(place)
    }

    package subscript(_ column: Column<[UInt8]?>) -> [UInt8]? {
        let place = place(column.definition)
        return source.isNull(place) ? nil : source.bytes(place)
    }

    /// True where the row has the column and holds a value of it.
    package func holds(_ column: any AnyColumn) -> Bool {
        if let places, places.places[column.definition.place] < 0 { return false }
        return !source.isNull(place(column.definition))
    }

    /// The values of all columns of a row that was read whole.
    func values(of table: TableSchema) -> [RowValue] {
        table.columns.map { column in
            let place = place(column)
            if source.isNull(place) { return .null }
            return switch column.type {
            case .integer: .integer(source.integer(place))
            case .text: .text(source.text(place))
            case .blob: .blob(source.bytes(place))
            }
        }
    }

    private func place(_ column: ColumnDefinition) -> Int {
        guard let places else { return column.place }
        let place = places.places[column.place]
        precondition(place >= 0, "the column `\(column.name)` was not asked for")
        return place
    }
}

/// Where the columns of a table stand in a row of some of them.
final class ReadPlaces: Sendable {
    /// By the place in the table; -1 for a column that was not asked for.
    let places: [Int]

    init?(_ selection: Selection) {
        guard !selection.columns.isEmpty else { return nil }
        var places = [Int](repeating: -1, count: selection.table.columns.count)
        for (index, column) in selection.columns.enumerated() { places[column.place] = index }
        self.places = places
    }
}
