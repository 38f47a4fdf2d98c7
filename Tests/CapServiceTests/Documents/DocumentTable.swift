import CapTesting
import Glibc
import Testing

/// Reads and writes the part of a document between `<!-- NAME… -->` and `<!-- /NAME -->`.
enum DocumentTable {
    static func rows(in path: String, named name: String) throws -> [String] {
        let (lines, range) = try part(path, name)
        return Array(lines[range])
    }

    /// Compares; `UPDATE_SNAPSHOTS=1` writes in place of comparing.
    static func expect(_ rows: [String], in path: String, named name: String) throws {
        var (lines, range) = try part(path, name)
        guard getenv("UPDATE_SNAPSHOTS") != nil else {
            #expect(Array(lines[range]) == rows, "the \(name) of \(path) are not as they are in the program")
            return
        }
        lines.replaceSubrange(range, with: rows)
        let file = try #require(fopen(root + path, "w"))
        fputs(lines.joined(separator: "\n"), file)
        fclose(file)
    }

    private static func part(_ path: String, _ name: String) throws -> (lines: [String], range: Range<Int>) {
        let text = String(decoding: Fixture.bytes("../" + path), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let start = try #require(lines.firstIndex { $0.hasPrefix("<!-- \(name)") })
        let end = try #require(lines.firstIndex { $0 == "<!-- /\(name) -->" })
        return (lines, (start + 1)..<end)
    }

    private static let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/"
}
