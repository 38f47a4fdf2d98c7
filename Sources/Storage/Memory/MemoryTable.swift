/// The rows of one table, as a value.
struct MemoryTable: Sendable {
    let schema: TableSchema
    /// Whole rows by the values of their keys.
    private(set) var rows: [[RowValue]: [RowValue]] = [:]
    /// For each unique index the keys of the rows by their values in it.
    private var unique: [[[RowValue]: [RowValue]]]
    /// For the first column of the key and of each index the keys of the rows by their value there.
    private var groups: [Int: [RowValue: Set<[RowValue]>]]
    private var lastNumber: Int64 = 0

    init(_ schema: TableSchema) {
        self.schema = schema
        unique = schema.indexes.filter(\.isUnique).map { _ in [:] }
        let first = (schema.keyColumns.prefix(1) + schema.indexes.compactMap(\.columns.first)).map(\.place)
        groups = Dictionary(first.map { ($0, [:]) }) { held, _ in held }
    }

    private var uniqueIndexes: [TableIndex] { schema.indexes.filter(\.isUnique) }

    // MARK: reading

    /// The rows that meet the terms, in the order asked for.
    func rows(_ selection: Selection) -> [[RowValue]] {
        var found = rows(meeting: selection.terms)
        let key = schema.keyColumns.map { Order(column: $0, isDescending: false) }
        found.sort { left, right in
            for order in selection.order + key {
                let compared = RowValue.compare(left[order.column.place], right[order.column.place])
                if compared != 0 { return (compared < 0) != order.isDescending }
            }
            return false
        }
        let rest = found.dropFirst(selection.offset)
        return selection.limit.map { Array(rest.prefix($0)) } ?? Array(rest)
    }

    func rows(meeting terms: [Term]) -> [[RowValue]] {
        if let key = key(namedBy: terms) { return rows[key].map { $0.meets(terms) ? [$0] : [] } ?? [] }
        for term in terms where term.comparison == .equal && term.further.isEmpty {
            guard let group = groups[term.column.place], let value = term.value else { continue }
            return (group[value] ?? []).compactMap { rows[$0] }.filter { $0.meets(terms) }
        }
        return rows.values.filter { $0.meets(terms) }
    }

    /// The key that terms name whole; nil where they leave part of it open.
    private func key(namedBy terms: [Term]) -> [RowValue]? {
        var key: [RowValue] = []
        for column in schema.keyColumns {
            let named = terms.first { $0.comparison == .equal && $0.further.isEmpty && $0.column === column }
            guard let value = named?.value else { return nil }
            key.append(value)
        }
        return key
    }

    // MARK: writing

    /// Gives the number of the new row, where the key is one.
    mutating func insert(_ values: [Assignment]) throws(StorageError) -> Int64 {
        let row = try made(values)
        try add(row)
        guard case .number = schema.key, case .integer(let number) = key(of: row)[0] else { return 0 }
        return number
    }

    mutating func put(_ values: [Assignment], updating columns: [ColumnDefinition]) throws(StorageError) {
        let row = try made(values)
        let key = key(of: row)
        guard var held = rows[key] else { return try add(row) }
        guard !columns.isEmpty else { return }
        for column in columns { held[column.place] = row[column.place] }
        try replace(key, by: held)
    }

    mutating func update(_ changes: [Assignment], _ terms: [Term]) throws(StorageError) -> Int {
        let found = rows(meeting: terms)
        for row in found {
            var changed = row
            for change in changes {
                let place = change.column.place
                if change.isAdded, case .integer(let held) = row[place], case .integer(let more) = change.value {
                    changed[place] = .integer(held &+ more)
                } else {
                    changed[place] = change.value
                }
            }
            try replace(key(of: row), by: changed)
        }
        return found.count
    }

    mutating func delete(_ terms: [Term]) -> Int {
        let found = rows(meeting: terms)
        for row in found { remove(key(of: row)) }
        return found.count
    }

    /// A whole row of the values given, null where none is.
    private mutating func made(_ values: [Assignment]) throws(StorageError) -> [RowValue] {
        var row = [RowValue](repeating: .null, count: schema.columns.count)
        for assignment in values { row[assignment.column.place] = assignment.value }
        if case .number(let column, _) = schema.key {
            if row[column.definition.place].isNull { row[column.definition.place] = .integer(lastNumber + 1) }
            if case .integer(let number) = row[column.definition.place] { lastNumber = max(lastNumber, number) }
        }
        return row
    }

    private func key(of row: [RowValue]) -> [RowValue] { schema.keyColumns.map { row[$0.place] } }

    private mutating func replace(_ key: [RowValue], by row: [RowValue]) throws(StorageError) {
        let held = remove(key)
        do throws(StorageError) {
            try add(row)
        } catch {
            if let held { try add(held) }
            throw error
        }
    }

    private mutating func add(_ row: [RowValue]) throws(StorageError) {
        let row = try checked(row)
        let key = key(of: row)
        guard rows[key] == nil else { throw taken() }
        let places = uniqueIndexes.map { index in index.columns.map { row[$0.place] } }
        for (index, place) in places.enumerated() where !place.contains(.null) {
            guard unique[index][place] == nil else { throw taken() }
        }
        for (index, place) in places.enumerated() where !place.contains(.null) { unique[index][place] = key }
        rows[key] = row
        for place in groups.keys { groups[place]?[row[place], default: []].insert(key) }
    }

    @discardableResult
    private mutating func remove(_ key: [RowValue]) -> [RowValue]? {
        guard let row = rows.removeValue(forKey: key) else { return nil }
        for (index, columns) in uniqueIndexes.map(\.columns).enumerated() {
            unique[index][columns.map { row[$0.place] }] = nil
        }
        for place in groups.keys {
            groups[place]?[row[place]]?.remove(key)
            if groups[place]?[row[place]]?.isEmpty ?? false { groups[place]?[row[place]] = nil }
        }
        return row
    }

    private func taken() -> StorageError {
        StorageError(.constraint, "the table `\(schema.name)` has such a row already")
    }

    /// Refuses values of another type, fills in what is made of others.
    private func checked(_ row: [RowValue]) throws(StorageError) -> [RowValue] {
        var row = row
        for column in schema.columns {
            if let computed = column.computed { row[column.place] = computed.value(of: row) }
            switch (row[column.place], column.type) {
            case (.integer, .integer), (.text, .text), (.blob, .blob): continue
            case (.null, _) where column.isOptional: continue
            default:
                throw StorageError(.constraint, "`\(schema.name).\(column.name)` does not take such a value")
            }
        }
        return row
    }
}

extension ComputedColumn {
    fileprivate func value(of row: [RowValue]) -> RowValue {
        func text(_ column: Column<String>) -> String {
            if case .text(let text) = row[column.definition.place] { text } else { "" }
        }
        switch self {
        case .path(let left, let right): return .text("\(text(left))/\(text(right))")
        case .pathLength(let left, let right):
            return .integer(Int64(text(left).unicodeScalars.count + text(right).unicodeScalars.count + 1))
        }
    }
}

extension [RowValue] {
    fileprivate func meets(_ terms: [Term]) -> Bool { terms.allSatisfy { meets($0) } }

    private func meets(_ term: Term) -> Bool {
        switch term.comparison {
        case .isNull: return self[term.column.place].isNull
        case .isNotNull: return !self[term.column.place].isNull
        case .equal, .notEqual, .below, .atMost, .above, .atLeast: break
        }
        var compared = 0
        let first = term.value.map { [Assignment(column: term.column, value: $0)] } ?? []
        for part in first + term.further where compared == 0 {
            let held = self[part.column.place]
            guard !held.isNull, !part.value.isNull else { return false }
            compared = RowValue.compare(held, part.value)
        }
        return switch term.comparison {
        case .equal: compared == 0
        case .notEqual: compared != 0
        case .below: compared < 0
        case .atMost: compared <= 0
        case .above: compared > 0
        case .atLeast: compared >= 0
        case .isNull, .isNotNull: true
        }
    }
}
