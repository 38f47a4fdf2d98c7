package import Storage

// What tests ask of a SQLite file past the rows that the product declares.

extension TableReader {
    package func each(
        sql: String, _ values: [RowValue] = [], _ body: (any RowSource) throws -> Bool
    ) throws {
        try sqlAccess().each(sql, values, body)
    }

    package func rows<Value>(
        _ sql: String, _ values: [RowValue] = [], _ map: (any RowSource) throws -> Value
    ) throws -> [Value] {
        var result: [Value] = []
        try each(sql: sql, values) { row in
            result.append(try map(row))
            return true
        }
        return result
    }

    package func first<Value>(
        _ sql: String, _ values: [RowValue] = [], _ map: (any RowSource) throws -> Value
    ) throws -> Value? {
        var result: Value?
        try each(sql: sql, values) { row in
            result = try map(row)
            return false
        }
        return result
    }

    package func exists(_ sql: String, _ values: [RowValue] = []) throws -> Bool {
        try first(sql, values) { _ in true } ?? false
    }

    fileprivate func sqlAccess() throws -> any SQLAccess {
        let session: any TableReader = (self as? TableChange)?.tables ?? self
        guard let access = session as? any SQLAccess else {
            throw StorageError(.internal, "these tables are in no SQLite file")
        }
        return access
    }
}

extension TableChange {
    package func run(_ sql: String, _ values: [RowValue] = []) throws { try sqlAccess().run(sql, values) }
}

extension RowSource {
    package func bool(_ place: Int) -> Bool { integer(place) != 0 }
    package func optionalText(_ place: Int) -> String? { isNull(place) ? nil : text(place) }
}

extension RowValue {
    package static func integer(_ value: Int) -> RowValue { .integer(Int64(value)) }
}
