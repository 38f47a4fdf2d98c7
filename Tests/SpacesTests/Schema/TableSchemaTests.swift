import Testing

@testable import Identity
@testable import Spaces
@testable import Storage

/// The tables that the families declare are those that files have.
@Suite struct TableSchemaTests {
    static let declared =
        accountTables + SpaceTables.all + notifyTables + repoTables + valueTables + [TakeoverTable.schema]

    /// What a table is made of, whatever its indexes are called: columns with type, null, key and whether they are
    /// computed; indexes with what they hold, whether values are there once and whether rows are left out.
    static func shape(of table: String, in connection: SQLiteConnection) throws -> [String] {
        let columns = try connection.prepare(
            "SELECT name || ' ' || type || ' ' || \"notnull\" || ' ' || pk || ' ' || hidden FROM pragma_table_xinfo(?1)"
        )
        try columns.bind(1, text: table)
        var lines: [String] = []
        while try columns.step() { lines.append(columns.text(0)) }
        let indexes = try connection.prepare(
            """
            SELECT "unique" || ' ' || partial || ' ' || (SELECT group_concat(name, ',') FROM \
            (SELECT name FROM pragma_index_xinfo(l.name) WHERE key = 1 ORDER BY seqno)) FROM pragma_index_list(?1) l
            """)
        try indexes.bind(1, text: table)
        var found: [String] = []
        while try indexes.step() { found.append("index " + indexes.text(0)) }
        return lines + found.sorted()
    }

    @Test func everyTableOfTheFormatIsDeclaredAsItIs() throws {
        let format = try SQLiteConnection(inMemory: ())
        try SchemaFormat.log.migrate(format)
        let made = try SQLiteConnection(inMemory: ())
        for table in Self.declared {
            for sql in RowTexts.create(table) { try made.execute(sql) }
            #expect(
                try Self.shape(of: table.name, in: made) == Self.shape(of: table.name, in: format), "\(table.name)")
        }
        #expect(Set(Self.declared.map(\.name)) == Set(try SealedTable.all(format).map(\.name)))
    }

    /// What no engine's words need quotes for.
    @Test func namesArePlainWords() throws {
        let reserved: Set = ["user", "order", "group", "table", "select", "from", "to", "end", "limit", "offset"]
        for table in Self.declared {
            for name in [table.name] + table.columns.map(\.name) {
                #expect(name.utf8.allSatisfy { (0x61...0x7A).contains($0) || $0 == 0x5F }, "\(name)")
                #expect(!reserved.contains(name), "\(table.name).\(name)")
            }
        }
    }
}
