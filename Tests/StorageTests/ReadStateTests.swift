import CapTesting
import Dispatch
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

    /// By the number alone a reader may be given what another read under it.
    @Test func aNumberNamesOneStateFromTheBeginningOfASession() throws {
        let engine = try SQLiteEngine(path: scratch.path("number.db"), tables: [Shelf.schema])
        defer { engine.close() }
        func put(_ title: String) throws {
            try engine.change { _ = try $0.insert(Shelf.self, Shelf.row("a", title, mark: Array(title.utf8))) }
        }
        try put("one")
        let session = try engine.openReadSession()
        let number = try #require(session.stateNumber)
        let twin = try engine.openReadSession()
        #expect(twin.stateNumber == number)
        try put("two")
        // Nothing was read of it before.
        #expect(try titles(session) == ["one"] && titles(twin) == ["one"])
        let later = try engine.openReadSession()
        #expect(try #require(later.stateNumber) > number && titles(later) == ["one", "two"])
        for session in [session, twin, later] { session.close() }
    }

    @Test func sessionsOfOneNumberReadTheSameWhileOthersCommit() throws {
        let engine = try SQLiteEngine(path: scratch.path("numbers.db"), tables: [Shelf.schema])
        defer { engine.close() }
        let seen = Locked<[UInt64: Set<Int64>]>([:])
        DispatchQueue.concurrentPerform(iterations: 4) { worker in
            for step in 0..<150 {
                do {
                    if worker == 0 {
                        try engine.change {
                            _ = try $0.insert(Shelf.self, Shelf.row("a", "\(step)", mark: Array("\(step)".utf8)))
                        }
                    } else {
                        let session = try engine.openReadSession()
                        defer { session.close() }
                        let count = try session.count(Shelf.self)
                        guard let number = session.stateNumber else { continue }
                        seen.withLock { _ = $0[number, default: []].insert(count) }
                    }
                } catch {
                    Issue.record(error)
                }
            }
        }
        let last = try engine.openReadSession()
        defer { last.close() }
        let (number, count) = (try #require(last.stateNumber), try last.count(Shelf.self))
        seen.withLock { _ = $0[number, default: []].insert(count) }
        #expect(seen.withLock { $0.values.allSatisfy { $0.count == 1 } })
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
