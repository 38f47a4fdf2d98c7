import CapTesting
import Testing

@testable import CapService

/// Holds the tables of the documents to the values they are about.
@Suite struct SettingsTableTests {
    @Test func operationsListEverySettingAsItIs() throws {
        var rows = ["", "| setting | takes | usual value | what it does |", "|---|---|---|---|"]
        for setting in SettingsParser.all {
            let usual = setting.shown(Settings())
            let takes = setting.value.replacing("|", with: "\\|")
            rows.append("| `\(setting.name)` | \(takes) | \(usual.isEmpty ? "" : "`\(usual)`") | \(setting.help) |")
        }
        rows.append("")
        try DocumentTable.expect(rows, in: "docs/operations/README.md", named: "settings")
    }

    @Test func theProtocolListsEveryRoute() throws {
        let listed = try DocumentTable.rows(in: "docs/protocol/README.md", named: "routes").compactMap { row in
            row.firstMatch(of: /^\| `([A-Z]+ [^`<]+)/).map { String($0.1) }
        }
        let served = ServedFamilies.standard.routes.map { "\($0.method.name) \($0.path)" }
        #expect(listed.sorted() == served.sorted())
    }

    @Test func theProtocolListsEveryMethodOfSpaces() throws {
        let listed = try DocumentTable.rows(in: "docs/protocol/spaces.md", named: "methods").compactMap { row in
            row.firstMatch(of: /^\| `([a-z]+\.[A-Za-z.]+)` \| ([A-Z]+) \|.*\| ([^|]*)\|$/).map { match in
                let older = match.3.split(separator: ",").map { $0.filter { !" `".contains($0) } }
                return "\(match.2) \(match.1) \(older.filter { !$0.isEmpty }.sorted())"
            }
        }
        let served = ServedFamilies.standard.table.methods.map { method in
            let older = method.aliases.map { $0.replacing("dev.happyview.space.", with: "") }.sorted()
            return "\(method.verb.method.name) \(method.nsid) \(older)"
        }
        #expect(listed.sorted() == served.sorted())
    }
}
