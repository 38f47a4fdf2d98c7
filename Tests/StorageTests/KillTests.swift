import CapTesting
import Glibc
import Storage
import Testing

@Suite struct KillTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }

    @Test func killedWriterLosesNothingAcknowledgedAndHalvesNoBatch() throws {
        var random = SeededGenerator.printed("killedWriterLosesNothingAcknowledgedAndHalvesNoBatch")
        let rounds = Environment.value("CAPTEST_ROUNDS").flatMap { Int($0) } ?? 12
        try SQLiteLog.open(path: path, mode: .create).close()
        var done: UInt64 = 0
        var starts: [UInt64] = []
        for _ in 0..<rounds {
            let drill = try Drill([path, "\(random.next())"])
            var tried: (first: UInt64, last: UInt64)?
            func read(_ line: [String]) throws {
                let numbers = try line.dropFirst().map { try #require(UInt64($0)) }
                switch (line[0], numbers.count) {
                case ("try", 2): tried = (numbers[0], numbers[1])
                case ("done", 1):
                    let batch = try #require(tried)
                    #expect(batch.last == numbers[0])
                    starts.append(batch.first)
                    done = numbers[0]
                    tried = nil
                default: Issue.record("the drill says \(line)")
                }
            }
            for _ in 0..<random.int(in: 1...40) { try read(#require(drill.nextLine())) }
            for _ in 0..<random.int(in: 0...400) { sched_yield() }
            drill.kill()
            // What it said before it was killed is still in the pipe.
            while let line = drill.nextLine() { try read(line) }

            let log = try SQLiteLog.open(path: path, mode: .existing)
            if log.lastRevision != done {
                let batch = try #require(tried)
                #expect(log.lastRevision == batch.last)
                starts.append(batch.first)
                done = batch.last
            }
            try #require(log.lastRevision == done)
            #expect(try log.read() == (1..<done + 1).map { ReadEntry(LogSamples.entry($0)) })
            #expect(try log.marks(notBefore: 0) == starts.map { LogSamples.mark($0, expiresAt: 1 << 50) })
            log.close()
        }
        #expect(try SQLiteLog.open(path: path, mode: .existing).verify().tokenCount == Int(done))
    }
}
