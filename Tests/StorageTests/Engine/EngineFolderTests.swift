import Foundation
import Testing

/// The words of a database stay in the folder of its engine.
@Suite struct EngineFolderTests {
    static let sources = URL(filePath: #filePath).appending(path: "../../../../Sources").standardizedFileURL

    /// The lines of a folder's Swift files that hold a statement of SQL, each behind the name of its file.
    static func statements(in folder: URL, but excluded: [String] = []) throws -> [String] {
        let statement = try Regex(
            #"(^\s*|")(SELECT\s|INSERT (INTO|OR)\s|UPDATE \w+ SET\s|DELETE FROM\s|CREATE (UNIQUE )?(TABLE|INDEX)\s)"#)
        // Few lines have a word of it, and to match costs more than to look for one.
        let words = ["SELECT", "INSERT", "UPDATE", "DELETE", "CREATE"]
        guard let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil) else { return [] }
        var found: [String] = []
        for case let file as URL in files where file.pathExtension == "swift" {
            if excluded.contains(where: { file.path().contains($0) }) { continue }
            for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
            where words.contains(where: { line.contains($0) }) && line.contains(statement) {
                found.append("\(file.lastPathComponent): \(line)")
            }
        }
        return found
    }

    @Test func noStatementOfSQLStandsOutsideItsEngine() throws {
        #expect(
            try Self.statements(in: Self.sources, but: ["/Sources/Storage/SQLite/", "/Sources/Storage/Postgres/"]) == []
        )
    }

    @Test(arguments: [
        ("SQLite", ["LogWriter.swift", "RepoFormat.swift", "RowTexts.swift", "TokenQuery.swift"]),
        ("Postgres", ["PostgresLog.swift", "PostgresSchema.swift", "PostgresTexts.swift", "PostgresWriter.swift"]),
    ])
    func statementsAreFoundWhereTheyAre(_ folder: String, _ names: [String]) throws {
        let found = try Self.statements(in: Self.sources.appending(path: "Storage/\(folder)"))
        for name in names { #expect(found.contains { $0.hasPrefix(name + ":") }, "\(name)") }
    }
}
