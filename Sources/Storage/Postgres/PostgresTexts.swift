/// The SQL of typed rows on PostgreSQL. What reads and changes rows is `RowTexts`, word for word but for the sign of a
/// parameter; what makes tables and numbers rows is this engine's own.
enum PostgresTexts {
    /// A text of `RowTexts`, with parameters as they are written here. No name and no literal in it holds the sign.
    static func own(_ shared: String) -> String { String(shared.map { $0 == "?" ? "$" : $0 }) }

    /// Adds a row, or does with one that has its key what `conflict` says; gives its number where the key is one.
    ///
    /// A number that is given where none is named is one above the highest, or one above the highest that ever was, which
    /// `row_number` keeps and which goes back with the transaction.
    static func insert(_ table: TableSchema, _ values: [Assignment], conflict: String = "") -> String {
        let names = values.map(\.column.name).joined(separator: ", ")
        let places = values.indices.map { "$\($0 + 1)" }.joined(separator: ", ")
        guard case .number(let key, let neverReturns) = table.key else {
            return "INSERT INTO \(table.name)(\(names)) VALUES(\(places))\(conflict)"
        }
        let number = key.definition.name
        let returning = "\(conflict) RETURNING \(number)"
        if let given = values.firstIndex(where: { $0.column === key.definition }) {
            let insert = "INSERT INTO \(table.name)(\(names)) VALUES(\(places))\(returning)"
            guard neverReturns else { return insert }
            return """
                WITH numbered AS (INSERT INTO row_number(name, last) VALUES('\(table.name)', $\(given + 1)) \
                ON CONFLICT(name) DO UPDATE SET last = greatest(row_number.last, excluded.last)) \(insert)
                """
        }
        let columns = values.isEmpty ? number : "\(number), \(names)"
        func insert(_ next: String, from source: String) -> String {
            let given = values.isEmpty ? next : "\(next), \(places)"
            return "INSERT INTO \(table.name)(\(columns)) SELECT \(given) FROM \(source)\(returning)"
        }
        guard neverReturns else {
            return insert(
                "highest.last + 1", from: "(SELECT coalesce(max(\(number)), 0) AS last FROM \(table.name)) highest")
        }
        return """
            WITH numbered AS (INSERT INTO row_number(name, last) VALUES('\(table.name)', 1) \
            ON CONFLICT(name) DO UPDATE SET last = row_number.last + 1 RETURNING last) \
            \(insert("numbered.last", from: "numbered"))
            """
    }

    static func put(_ table: TableSchema, _ values: [Assignment], updating columns: [ColumnDefinition]) -> String {
        let keys = table.keyColumns.map(\.name).joined(separator: ", ")
        let changes = columns.map { "\($0.name) = excluded.\($0.name)" }.joined(separator: ", ")
        let action = columns.isEmpty ? "NOTHING" : "UPDATE SET \(changes)"
        return insert(table, values, conflict: " ON CONFLICT(\(keys)) DO \(action)")
    }

    /// The statements that make a table and its indexes.
    static func create(_ table: TableSchema) -> [String] {
        var parts = table.columns.map { column in
            var part = "\(column.name) \(type(column.type))"
            if !column.isOptional { part += " NOT NULL" }
            if let computed = column.computed { part += " GENERATED ALWAYS AS (\(expression(computed))) STORED" }
            return part
        }
        parts.append("PRIMARY KEY(\(table.keyColumns.map(\.name).joined(separator: ", ")))")
        let indexes = table.indexes.enumerated().map { place, index -> String in
            // The order of nulls is that of every engine: first.
            let columns = index.columns.map { $0.isOptional ? "\($0.name) NULLS FIRST" : $0.name }
            var sql = "CREATE \(index.isUnique ? "UNIQUE " : "")INDEX \(table.name)_\(place) ON \(table.name)"
            sql += "(\(columns.joined(separator: ", ")))"
            if let condition = index.condition { sql += RowTexts.conditions([condition], after: 0) }
            return sql
        }
        return ["CREATE TABLE \(table.name)(\(parts.joined(separator: ", ")))"] + indexes
    }

    private static func type(_ type: ColumnType) -> String {
        switch type {
        case .integer: "bigint"
        case .text: "text"
        case .blob: "bytea"
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
