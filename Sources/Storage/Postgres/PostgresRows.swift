/// Reads typed rows on one connection, inside a transaction that somebody else has begun and will end.
///
/// Rows come in pages through a cursor, so that a table of any size is walked in bounded memory and other questions may be
/// asked between two rows.
final class PostgresRows: TableReader {
    let connection: PostgresConnection
    private var texts: [RowShape: Prepared] = [:]
    private var cursorCount = 0

    /// A text, and where the columns that it asks for stand in its rows.
    private struct Prepared {
        let sql: String
        let places: ReadPlaces?
    }

    /// The first page of a walk; each next one is twice as long, up to the bound: rows may be of a few bytes or of
    /// megabytes, and those of a page are all held at once.
    private static let firstPage = 16
    private static let maxPage = 64
    /// After a page with more bytes than this comes a shorter one.
    private static let pageBytes = 256 << 10

    init(_ connection: PostgresConnection) { self.connection = connection }

    func each(_ selection: Selection, _ body: (Row) throws -> Bool) throws {
        let prepared = text(RowShape(.select, selection), selection) { PostgresTexts.own(RowTexts.select(selection)) }
        let values = try PostgresRows.values(selection)
        if let limit = selection.limit, limit <= PostgresRows.firstPage {
            _ = try give(try ask(prepared.sql, values), prepared.places, body)
            return
        }
        cursorCount += 1
        let cursor = "walk\(cursorCount)"
        // A cursor's name cannot be a parameter, so its text is known only to this walk and not prepared.
        var page = PostgresRows.firstPage
        try failing { () throws(PostgresFailure) in try connection.open(cursor, prepared.sql, values) }
        while true {
            let rows = try failing { () throws(PostgresFailure) in try connection.fetch(page, from: cursor) }
            guard try give(rows, prepared.places, body), rows.rowCount == page else { break }
            page = rows.size < PostgresRows.pageBytes ? min(2 * page, PostgresRows.maxPage) : max(page / 4, 1)
        }
        try failing { () throws(PostgresFailure) in try connection.execute("CLOSE \(cursor)") }
    }

    func count(_ selection: Selection) throws -> Int64 {
        let prepared = text(RowShape(.count, selection), nil) { PostgresTexts.own(RowTexts.count(selection)) }
        return try ask(prepared.sql, try PostgresRows.values(selection)).integer(0, 0)
    }

    func sum(_ column: ColumnDefinition, _ selection: Selection) throws -> Int64 {
        let prepared = text(RowShape(.sum, selection, column), nil) {
            PostgresTexts.own(RowTexts.sum(column, selection))
        }
        return try ask(prepared.sql, try PostgresRows.values(selection)).integer(0, 0)
    }

    /// Gives rows to `body`; false once it answers so.
    private func give(
        _ rows: PostgresResult, _ places: ReadPlaces?, _ body: (Row) throws -> Bool
    ) throws -> Bool {
        for row in 0..<rows.rowCount {
            guard try body(Row(source: PostgresRow(rows, row), places: places)) else { return false }
        }
        return true
    }

    private func ask(_ sql: String, _ values: [PostgresValue]) throws(StorageError) -> PostgresResult {
        try failing { () throws(PostgresFailure) in try connection.query(sql, values) }
    }

    private func text(_ shape: RowShape, _ selection: Selection?, _ make: () -> String) -> Prepared {
        if let known = texts[shape] { return known }
        let prepared = Prepared(sql: make(), places: selection.flatMap { ReadPlaces($0) })
        texts[shape] = prepared
        return prepared
    }

    /// Gives a text that writes, made once for each shape.
    func text(_ shape: RowShape, _ make: () -> String) -> String { text(shape, nil, make).sql }

    /// The values of a selection: those of its terms, then its bounds.
    private static func values(_ selection: Selection) throws(StorageError) -> [PostgresValue] {
        var values = try values(selection.terms)
        if let limit = selection.limit { values.append(.integer(Int64(limit))) }
        if selection.offset > 0 { values.append(.integer(Int64(selection.offset))) }
        return values
    }

    static func values(_ terms: [Term]) throws(StorageError) -> [PostgresValue] {
        var values: [PostgresValue] = []
        for term in terms where !term.isLiteral {
            guard let value = term.value else { continue }
            values.append(try PostgresRows.value(value, term.column))
            for next in term.further { values.append(try PostgresRows.value(next.value, next.column)) }
        }
        return values
    }

    static func value(_ value: RowValue, _ column: ColumnDefinition) throws(StorageError) -> PostgresValue {
        guard let value = PostgresValue(value, for: column) else {
            let isOfText = if case .text(let text) = value { text.utf8.contains(0) } else { false }
            throw StorageError(
                isOfText ? .unstorable : .constraint, "the column `\(column.name)` takes no such value on PostgreSQL")
        }
        return value
    }

    func failing<Value>(_ body: () throws(PostgresFailure) -> Value) throws(StorageError) -> Value {
        do throws(PostgresFailure) { return try body() } catch { throw error.error }
    }
}

extension PostgresConnection {
    /// Opens a cursor over the rows of a query, inside a transaction.
    fileprivate func open(_ cursor: String, _ sql: String, _ values: [PostgresValue]) throws(PostgresFailure) {
        try once("DECLARE \(cursor) NO SCROLL CURSOR FOR \(sql)", values)
    }

    fileprivate func fetch(_ count: Int, from cursor: String) throws(PostgresFailure) -> PostgresResult {
        try once("FETCH \(count) FROM \(cursor)", [])
    }
}
