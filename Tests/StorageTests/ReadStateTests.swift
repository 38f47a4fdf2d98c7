import CapTesting
import Glibc
import Testing

@testable import Storage

/// Reads take over the state of the read before, and never an older one than what was committed.
@Suite struct ReadStateTests {
    let scratch = Scratch()

    private func titles(_ tables: any TableReader) throws -> [String] {
        try tables.rows(Shelf.self, order: [Shelf.title.ascending]) { $0[Shelf.title] }
    }

    @Test func everyReadSeesWhatWasCommittedBeforeIt() throws {
        var random = SeededGenerator.printed("everyReadSeesWhatWasCommittedBeforeIt")
        let engine = try SQLiteEngine(path: scratch.path("state.db"), tables: [Shelf.schema])
        defer { engine.close() }
        var kept: [String] = []
        var open: [(session: any ReadSession, titles: [String])] = []
        for step in 0..<400 {
            switch random.int(in: 0...3) {
            case 0:
                let title = "\(1000 + step)"
                try engine.change {
                    _ = try $0.insert(
                        Shelf.self, Shelf.row("a", title, mark: [UInt8(step & 255), UInt8(step >> 8)]))
                }
                kept.append(title)
            case 1:
                let session = try engine.openReadSession()
                #expect(try titles(session) == kept)
                open.append((session, kept))
            case 2 where !open.isEmpty:
                let (session, seen) = open.remove(at: random.int(in: 0...open.count - 1))
                #expect(try titles(session) == seen, "step \(step)")
                session.close()
            default:
                let session = try engine.openReadSession()
                #expect(try titles(session) == kept, "step \(step)")
                session.close()
            }
        }
        open.forEach { $0.session.close() }
    }

    /// A state that nobody reads must not keep the write-ahead log from being moved into the file.
    @Test func anIdleConnectionHoldsNothingBack() throws {
        let engine = try SQLiteEngine(path: scratch.path("idle.db"), tables: [Shelf.schema])
        defer { engine.close() }
        func put(_ title: String) throws {
            try engine.change { _ = try $0.insert(Shelf.self, Shelf.row("a", title, mark: Array(title.utf8))) }
        }
        try put("one")
        let sessions = try (0..<4).map { _ in try engine.openReadSession() }
        for session in sessions { #expect(try titles(session) == ["one"]) }
        try put("two")
        // One is read on an old state while it is held, and holds the log until it is let go.
        #expect(try titles(sessions[0]) == ["one"])
        sessions.forEach { $0.close() }
        let again = try engine.openReadSession()
        #expect(try titles(again) == ["one", "two"])
        again.close()
        try put("three")
        #expect(try engine.log.checkpoint())
    }

    /// Reads between the commits do not keep the log from being moved into the file and beginning anew.
    @Test func theLogStaysShortWhereEachCommitIsRead() throws {
        let path = scratch.path("log.db")
        let engine = try SQLiteEngine(
            path: path, options: SQLiteLogOptions(checkpointPages: 50), tables: [Shelf.schema])
        defer { engine.close() }
        var longest: Int64 = 0
        for number in 0..<1500 {
            let mark = withUnsafeBytes(of: number) { Array($0) } + [UInt8](repeating: 1, count: 2000)
            try engine.change { _ = try $0.insert(Shelf.self, Shelf.row("a", "\(number)", mark: mark)) }
            let session = try engine.openReadSession()
            #expect(try session.count(Shelf.self) == Int64(number + 1))
            session.close()
            var status = stat()
            if stat(path + "-wal", &status) == 0 { longest = max(longest, Int64(status.st_size)) }
        }
        #expect(longest < 2_000_000, "\(longest) bytes")
    }
}
