import ATProto
import Multiformats
import Testing

@testable import capq

@Suite struct SyncNameTests {
    @Test(arguments: [
        ("3kbcq3p7ad400", "3kbcq3p7ad400"), ("a.b-c_d", "a.b-c_d"), (".hidden", "%2Ehidden"), ("a:b~c", "a%3Ab%7Ec"),
        ("did:web:alice.localhost%3A8137", "did%3Aweb%3Aalice.localhost%253A8137"), ("..x", "%2E.x"),
    ])
    func namesAreEscaped(_ text: String, _ name: String) {
        #expect(SyncName.of(text) == name)
    }

    @Test func longNamesAreCutAndStayApart() {
        let long = String(repeating: "a", count: 511)
        let names =
            ["x", "y", "~", ":"].map { SyncName.of(long + $0) } + [SyncName.of(String(repeating: "~", count: 512))]
        #expect(Set(names).count == 5)
        for name in names {
            #expect(name.utf8.count <= SyncName.limit && name.contains("~"))
            #expect(!(name.split(separator: "~")[0].suffix(2).contains("%")))
        }
    }

    @Test func noNameLeavesItsFolder() {
        for text in [".", "..", "a/b", "../../etc", "", "\u{0}", "é"] {
            let name = SyncName.of(text)
            #expect(!name.contains("/") && !name.hasPrefix(".") && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f })
        }
    }

    @Test func statesComeBackAsTheyWereWritten() throws {
        let cid = CID.ofDagCBOR([0xa0])
        let copy = RepoCopy(
            did: "did:web:a.example", rev: "3mqc3xiekwc22", hash: Array(repeating: 7, count: 32),
            records: ["com.example.a/1": cid, "com.example.a/b:c": CID.ofDagCBOR([0xa1])])
        let bytes = copy.serialized()
        #expect(RepoCopy(bytes) == copy)
        #expect(RepoCopy(Array(bytes.dropLast(70))) == nil)
        #expect(RepoCopy(Array("nonsense".utf8)) == nil)
        // The hash is not that of the records.
        #expect(copy.fold() == nil)
    }

    @Test func barsShowHowFarItIs() {
        let line = SyncProgress.line("did:web:alice.example", 2, 4, 5, 10, width: 100)
        #expect(line == "[#######-------------] 2/4 did:web:alice.example 5/10 records")
        let long = SyncProgress.line(String(repeating: "d", count: 300), 1, 1, 5, nil, width: 80)
        #expect(long.count <= 82 && long.contains("…"))
    }

    @Test func eventsEndWithAnEmptyLine() {
        var lines = SyncEventLines()
        let pieces = [": heartbeat\n\n", "event: write\nda", "ta: {\"x\":1}\n", "\r\n", "\n\n"]
        let ends = pieces.map { lines.append(Array($0.utf8)) }
        #expect(ends == [false, false, false, true, false])
    }
}
