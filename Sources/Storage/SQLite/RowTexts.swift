/// The SQL of typed rows, in words that other engines read too: each parameter is numbered, in the order of the values.
enum RowTexts {
    static func select(_ selection: Selection) -> String {
        let columns = selection.columns.isEmpty ? selection.table.columns : selection.columns
        return query(columns.map(\.name).joined(separator: ", "), selection)
    }

    static func count(_ selection: Selection) -> String { query("count(*)", selection) }

    static func sum(_ column: ColumnDefinition, _ selection: Selection) -> String {
        query("CAST(coalesce(sum(\(column.name)), 0) AS BIGINT)", selection)
    }

    /// The values of a selection: those of its terms, then its bounds.
    static func values(_ selection: Selection) -> [RowValue] {
        var values = values(selection.terms)
        if let limit = selection.limit { values.append(.integer(Int64(limit))) }
        if selection.offset > 0 { values.append(.integer(Int64(selection.offset))) }
        return values
    }

    static func values(_ terms: [Term]) -> [RowValue] {
        var values: [RowValue] = []
        values.reserveCapacity(terms.count + 2)
        for term in terms where !term.isLiteral {
            guard let value = term.value else { continue }
            values.append(value)
            for next in term.further { values.append(next.value) }
        }
        return values
    }

    static func insert(_ table: TableSchema, _ values: [Assignment]) -> String {
        let places = values.indices.map { "?\($0 + 1)" }.joined(separator: ", ")
        return "INSERT INTO \(table.name)(\(names(values.map(\.column)))) VALUES(\(places))"
    }

    static func put(_ table: TableSchema, _ values: [Assignment], updating columns: [ColumnDefinition]) -> String {
        let conflict = " ON CONFLICT(\(names(table.keyColumns))) DO "
        guard !columns.isEmpty else { return insert(table, values) + conflict + "NOTHING" }
        let changes = columns.map { "\($0.name) = excluded.\($0.name)" }.joined(separator: ", ")
        return insert(table, values) + conflict + "UPDATE SET " + changes
    }

    static func update(_ table: TableSchema, _ changes: [Assignment], _ terms: [Term]) -> String {
        let sets = changes.enumerated().map { index, change in
            let name = change.column.name
            return change.isAdded ? "\(name) = \(name) + ?\(index + 1)" : "\(name) = ?\(index + 1)"
        }
        return "UPDATE \(table.name) SET \(sets.joined(separator: ", "))" + conditions(terms, after: changes.count)
    }

    static func delete(_ table: TableSchema, _ terms: [Term]) -> String {
        "DELETE FROM \(table.name)" + conditions(terms, after: 0)
    }

    private static func query(_ what: String, _ selection: Selection) -> String {
        var sql = "SELECT \(what) FROM \(selection.table.name)" + conditions(selection.terms, after: 0)
        if !selection.order.isEmpty {
            let order = selection.order.map { order in
                // Said where it matters: engines differ in where nulls stand, unless they are told.
                let nulls = order.column.isOptional ? " NULLS \(order.isDescending ? "LAST" : "FIRST")" : ""
                return order.column.name + (order.isDescending ? " DESC" : "") + nulls
            }
            sql += " ORDER BY " + order.joined(separator: ", ")
        }
        var count = values(selection.terms).count
        if selection.limit != nil {
            count += 1
            sql += " LIMIT ?\(count)"
        }
        if selection.offset > 0 { sql += " OFFSET ?\(count + 1)" }
        return sql
    }

    static func conditions(_ terms: [Term], after count: Int) -> String {
        var count = count
        let parts = terms.map { term -> String in
            let left = term.further.isEmpty ? term.column.name : "(\(names(term.columns)))"
            guard let value = term.value else { return "\(left) \(word(term.comparison))" }
            if term.isLiteral { return "\(left) \(word(term.comparison)) \(literal(value))" }
            let places = term.columns.indices.map { "?\(count + $0 + 1)" }
            count += places.count
            let right = places.count == 1 ? places[0] : "(\(places.joined(separator: ", ")))"
            return "\(left) \(word(term.comparison)) \(right)"
        }
        return parts.isEmpty ? "" : " WHERE " + parts.joined(separator: " AND ")
    }

    private static func literal(_ value: RowValue) -> String {
        guard case .integer(let number) = value else { preconditionFailure("only numbers stand in a text") }
        return "\(number)"
    }

    private static func word(_ comparison: Term.Comparison) -> String {
        switch comparison {
        case .equal: "="
        case .notEqual: "<>"
        case .below: "<"
        case .atMost: "<="
        case .above: ">"
        case .atLeast: ">="
        case .isNull: "IS NULL"
        case .isNotNull: "IS NOT NULL"
        }
    }

    private static func names(_ columns: [ColumnDefinition]) -> String {
        columns.map(\.name).joined(separator: ", ")
    }
}

/// What of a call decides its text; calls of one shape share a prepared statement.
struct RowShape: Hashable {
    enum Kind: UInt8 { case select, count, sum, insert, put, update, delete }

    private let table: TableSchema
    private var words: [UInt8]

    init(_ kind: Kind, _ table: TableSchema) {
        self.table = table
        words = [kind.rawValue]
        words.reserveCapacity(32)
    }

    init(_ kind: Kind, _ selection: Selection, _ column: ColumnDefinition? = nil) {
        self.init(kind, selection.table)
        if let column { words.append(UInt8(column.place)) }
        add(selection.columns)
        add(selection.terms)
        for order in selection.order { words.append(UInt8(order.column.place) << 1 | (order.isDescending ? 1 : 0)) }
        words.append(0xF0 | (selection.limit == nil ? 0 : 1) | (selection.offset > 0 ? 2 : 0))
    }

    mutating func add(_ columns: [ColumnDefinition]) {
        for column in columns { words.append(UInt8(column.place)) }
        words.append(0xFF)
    }

    mutating func add(_ assignments: [Assignment]) {
        for assignment in assignments {
            words.append(UInt8(assignment.column.place) << 1 | (assignment.isAdded ? 1 : 0))
        }
        words.append(0xFF)
    }

    mutating func add(_ terms: [Term]) {
        for term in terms {
            words.append(term.comparison.rawValue)
            words.append(UInt8(term.column.place))
            for next in term.further { words.append(UInt8(next.column.place)) }
            words.append(0xFF)
            if term.isLiteral { words.append(term.value == .integer(0) ? 0xE0 : 0xE1) }
        }
        words.append(0xFF)
    }
}

extension RowTexts {
    /// The statements that make a table and its indexes.
    static func create(_ table: TableSchema) -> [String] {
        var parts = table.columns.map { column in
            var part = "\(column.name) \(type(column.type))"
            if case .number(let key, let neverReturns) = table.key, key.definition === column {
                return part + " PRIMARY KEY" + (neverReturns ? " AUTOINCREMENT" : "")
            }
            if !column.isOptional { part += " NOT NULL" }
            if let computed = column.computed { part += " AS (\(expression(computed))) VIRTUAL" }
            return part
        }
        var options = "STRICT"
        if case .columns(let key) = table.key {
            parts.append("PRIMARY KEY(\(names(key.map(\.definition))))")
            options = "WITHOUT ROWID, STRICT"
        }
        let indexes = table.indexes.map { index -> String in
            let name = "\(table.name)_by_\(index.columns.map(\.name).joined(separator: "_"))"
            var sql =
                "CREATE \(index.isUnique ? "UNIQUE " : "")INDEX \(name) ON \(table.name)(\(names(index.columns)))"
            if let condition = index.condition { sql += conditions([condition], after: 0) }
            return sql
        }
        return ["CREATE TABLE \(table.name)(\(parts.joined(separator: ", "))) \(options)"] + indexes
    }

    private static func type(_ type: ColumnType) -> String {
        switch type {
        case .integer: "INTEGER"
        case .text: "TEXT"
        case .blob: "BLOB"
        }
    }

    private static func expression(_ computed: ComputedColumn) -> String {
        switch computed {
        case .path(let left, let right): "\(left.definition.name) || '/' || \(right.definition.name)"
        case .pathLength(let left, let right):
            "length(\(left.definition.name)) + length(\(right.definition.name)) + 1"
        }
    }
}
