@testable import Storage

/// A table with a column of every kind, for what every engine has to do.
enum Shelf: Table {
    static let id = Column<Int64>("id", at: 0)
    static let place = Column<String>("place", at: 1)
    static let title = Column<String>("title", at: 2)
    static let mark = Column<[UInt8]?>("mark", at: 3)
    static let count = Column<Int64>("count_held", at: 4)
    static let note = Column<String?>("note", at: 5)
    static let isLent = Column<Bool>("is_lent", at: 6)
    static let path = Column<String>("path", at: 7, computed: .path(place, title))
    static let length = Column<Int64>("path_length", at: 8, computed: .pathLength(place, title))

    static let schema = TableSchema(
        "shelf", [id, place, title, mark, count, note, isLent, path, length],
        key: .number(id, neverReturns: true),
        indexes: [
            TableIndex([place, title], isUnique: true), TableIndex([mark, count], isUnique: true),
            TableIndex([length, path]), TableIndex([note], where: note.isNotNull),
            TableIndex([count], where: isLent.is(true)),
        ])

    static func row(
        _ place: String, _ title: String, mark: [UInt8]? = nil, count: Int64 = 0, note: String? = nil,
        isLent: Bool = false
    ) -> [Assignment] {
        [
            Self.place.to(place), Self.title.to(title), Self.mark.to(mark), Self.count.to(count), Self.note.to(note),
            Self.isLent.to(isLent),
        ]
    }
}

/// A table whose key is made of two columns.
enum Label: Table {
    static let text = Column<String>("word", at: 0)
    static let number = Column<Int64>("place", at: 1)
    static let value = Column<[UInt8]>("content", at: 2)
    static let weight = Column<Int64?>("weight", at: 3)

    static let schema = TableSchema("label", [text, number, value, weight], key: .columns([text, number]))
}

/// The engines that the suite is run on.
enum EngineKind: String, CaseIterable, Sendable {
    case sqlite
    case memory
    case postgres

    func open(_ scratch: Scratch, _ name: String = "engine.db") throws -> any StoreEngine {
        switch self {
        case .sqlite: try SQLiteEngine(path: scratch.path(name), tables: [Shelf.schema, Label.schema])
        case .memory: MemoryEngine()
        case .postgres:
            try PostgresEngine(
                PostgresCluster.database(scratch, name), tables: [Shelf.schema, Label.schema] + valueTables,
                options: PostgresEngine.unhurried)
        }
    }
}

extension PostgresEngine {
    /// A lease that no test outlasts, however slow the machine is.
    static var unhurried: Options {
        var options = Options()
        options.leaseMilliseconds = PostgresLease.maxLength
        return options
    }
}

extension StoreEngine {
    /// Makes one change of tables; throws what `body` throws, and then nothing of it is kept.
    func change<Value>(_ body: (any TableSession) throws -> Value) throws -> Value {
        var result: Result<Value, any Error>?
        try transaction { tables in
            result = Result { try body(tables) }
            if case .failure = result { return nil }
            return LogBatch()
        }
        return try result!.get()
    }

    func read<Value>(_ body: (any TableReader) throws -> Value) throws -> Value {
        let session = try openReadSession()
        defer { session.close() }
        return try body(session)
    }

    /// The titles of the rows that meet the terms.
    func titles(
        _ terms: [Term] = [], order: [Order] = [Shelf.id.ascending], limit: Int? = nil
    ) throws -> [String] {
        try read {
            try $0.rows(Shelf.self, [Shelf.title], where: terms, order: order, limit: limit) { $0[Shelf.title] }
        }
    }

    func entries(after revision: UInt64 = 0) throws -> [ReadEntry] {
        var entries: [ReadEntry] = []
        try forEachEntry(after: revision) { entries.append(ReadEntry($0, $1, $2, [UInt8]($3))) }
        return entries
    }
}
