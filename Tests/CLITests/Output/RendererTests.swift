import CapClient
import Multiformats
import Testing

@testable import capq

@Suite struct RendererTests {
    private static let pipe = OutputStyle()
    private static let terminal = OutputStyle(shortensIDs: true, width: 80)
    private static let coloured = OutputStyle(shortensIDs: true, hasColour: true, width: 80)

    private static let table = Table(
        columns: [.init("CID"), .init("STATUS"), .init("RESOURCE", isFlexible: true)],
        rows: SampleDelegations.chain.map { delegation in
            [
                Cell(id: delegation.cid), Cell(status: delegation.status),
                Cell(id: delegation.capabilities.first?.resource ?? ""),
            ]
        }
    )

    @Test func tablesShortenIDsAndFitTheTerminal() {
        let text = TableRenderer(style: Self.terminal).render(Self.table)
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 80 })
        Snapshot.expect(text, "output/table-terminal.txt")
        Snapshot.expect(
            TableRenderer(style: .init(shortensIDs: true, width: 50)).render(Self.table), "output/table-50.txt")
        Snapshot.expect(TableRenderer(style: Self.coloured).render(Self.table), "output/table-colour.txt")
    }

    @Test func tablesInAPipeAreWhole() {
        Snapshot.expect(TableRenderer(style: Self.pipe).render(Self.table), "output/table-pipe.txt")
    }

    @Test func treesShowTheStatusOfEveryLink() {
        Snapshot.expect(TreeRenderer(style: Self.terminal).render(SampleDelegations.chain), "output/tree-terminal.txt")
        Snapshot.expect(TreeRenderer(style: Self.pipe).render(SampleDelegations.chain), "output/tree-pipe.txt")
        Snapshot.expect(TreeRenderer(style: Self.coloured).render(SampleDelegations.chain), "output/tree-colour.txt")
    }

    @Test func treesNameSharedAndMissingProofsOnce() {
        func link(_ cid: String, _ proofs: [String]) -> ListedDelegation {
            ListedDelegation(cid: cid, issuer: "did:a:a", audience: "did:b:b", capabilities: [], proofs: proofs)
        }
        let text = TreeRenderer(style: Self.pipe).render([
            link("leaf", ["left", "right"]), link("left", ["root", "gone"]), link("right", ["root"]), link("root", []),
        ])
        Snapshot.expect(text, "output/tree-shared.txt")
    }

    @Test func treesEndOnCycles() {
        func link(_ cid: String, _ proof: String) -> ListedDelegation {
            ListedDelegation(cid: cid, issuer: "did:a:a", audience: "did:b:b", capabilities: [], proofs: [proof])
        }
        let text = TreeRenderer(style: Self.pipe).render([link("a", "b"), link("b", "a")])
        #expect(text.contains("shown above"))
    }

    @Test func graphsAreDrawnForGraphvizAndMermaid() {
        let graph = DelegationGraph(SampleDelegations.chain)
        #expect(graph.principals.count == 4)
        Snapshot.expect(DotRenderer(style: Self.terminal).render(graph), "output/graph.dot")
        Snapshot.expect(MermaidRenderer(style: Self.terminal).render(graph), "output/graph.mmd")
    }

    @Test func textFromOutsideCannotBreakOutOfAGraph() {
        let evil = ListedDelegation(
            cid: "c\"];x[\\",
            issuer: "did:web:a\"]\n  evil --> p1",
            audience: "did:web:b|end",
            capabilities: [.init(resource: "r", ability: "a/b\"<script>", caveats: [:])]
        )
        let graph = DelegationGraph([evil])
        Snapshot.expect(DotRenderer(style: Self.pipe).render(graph), "output/graph-evil.dot")
        Snapshot.expect(MermaidRenderer(style: Self.pipe).render(graph), "output/graph-evil.mmd")
    }

    @Test func controlCharactersNeverReachATerminal() {
        let cell = Cell("a\u{1b}[2Jb\u{202e}c\u{9b}d\n")
        #expect(cell.text == "a\\u{1b}[2Jb\\u{202e}c\\u{9b}d\\u{a}")
    }

    @Test(arguments: [
        (SampleDelegations.root, "bafkr4…zgfmay"),
        (SampleDelegations.session, "did:key:z6MkqG…WTvLSK"),
        (SampleDelegations.owner, "did:pkh:eip155:1:0x7E5F…395Bdf"),
        ("\(SampleDelegations.space)/kv/notes", "tinycloud:pkh:eip155:1:0x7E5F…395Bdf:default/kv/notes"),
        ("short", "short"),
        ("", ""),
    ])
    func idsKeepTheirEnds(_ id: String, _ short: String) {
        #expect(ShortID.of(id) == short)
    }

    @Test func jsonIsIndentedForOneDocumentAndCompactForLines() throws {
        let json = try JSON.parse(Array(#"{"schema":"x/1","a":[1,{"b":null}],"e":[],"o":{},"t":"\u001b"}"#.utf8))
        Snapshot.expect(JSONPrinter.indented(json) + "\n", "output/document.json")
        #expect(try JSON.parse(Array(JSONPrinter.indented(json).utf8)) == json)
        let answer = Answer(json: json, rows: [1, "two"])
        #expect(try Printer(style: Self.pipe).render(answer, as: .jsonl) == "1\n\"two\"\n")
    }

    @Test func formsAnAnswerDoesNotHaveAreRefused() {
        #expect(throws: CommandError.self) { try Printer(style: Self.pipe).render(Answer(json: 1), as: .dot) }
    }
}
