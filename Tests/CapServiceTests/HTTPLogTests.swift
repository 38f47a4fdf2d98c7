import Glibc
import Testing

@testable import CapService

@Suite struct HTTPLogTests {
    /// Gives what a log writes while `body` runs.
    private func written(_ level: StructuredLog.Level, _ body: (StructuredLog) -> Void) -> String {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return "" }
        body(StructuredLog(level: level, output: ends[1]))
        close(ends[1])
        var bytes = [UInt8](repeating: 0, count: 60_000)
        let count = read(ends[0], &bytes, bytes.count)
        close(ends[0])
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    @Test func writesOneObjectALine() {
        let text = written(.info) { log in
            log.info("started", [("port", .int(80)), ("ok", .bool(true)), ("path", .text("a\"\\\n\u{7f}\u{e9}"))])
            log.error("failed")
        }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(
            lines[0].hasSuffix(
                #"Z","level":"info","event":"started","port":80,"ok":true,"path":"a\"\\\u000a\u007fé"}"#
            )
        )
        #expect(lines[0].hasPrefix(#"{"at":"20"#))
        #expect(lines[1].hasSuffix(#"Z","level":"error","event":"failed"}"#))
    }

    @Test func writesNothingBelowItsLevelNorGathersTheFields() {
        var gathered = 0
        func fields() -> [StructuredLog.Field] {
            gathered += 1
            return []
        }
        let text = written(.warning) { log in
            log.debug("a", fields())
            log.info("b", fields())
            log.warning("c", fields())
        }
        #expect(gathered == 1)
        #expect(text.split(separator: "\n").count == 1)
        #expect(written(.none) { $0.error("x") }.isEmpty)
    }

    @Test func withholdsCredentials() {
        let text = written(.debug) { log in
            log.info("h", [("Authorization", .text("s3cret")), ("set-cookie", .text("s3cret"))])
            log.info("h", [("accessToken", .text("s3cret")), ("proxy-authorization", .text("s3cret"))])
        }
        #expect(!text.contains("s3cret"))
        #expect(text.contains("[withheld]"))
    }
}
