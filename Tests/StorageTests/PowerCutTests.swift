import CapTesting
import Glibc
import Testing

@testable import Storage

@Suite struct PowerCutTests {
    let scratch = Scratch()
    var path: String { scratch.path("log.db") }

    /// Gives the mark written with the batch that starts at `first`.
    func mark(_ first: UInt64) -> ReplayMark { LogSamples.mark(first, expiresAt: 1 << 50) }

    /// Works on a log over the recording layer; gives the first revision of each batch.
    func work(_ random: inout SeededGenerator, commits: Int) throws -> [UInt64] {
        var options = SQLiteLogOptions(checkpointPages: 40)
        options.fileSystem = RecordingFileSystem.name
        let log = try SQLiteLog.open(path: path, mode: .existing, options: options)
        var firsts: [UInt64] = []
        for _ in 0..<commits {
            let first = log.lastRevision + 1
            let last = first + UInt64(random.int(in: 0...20))
            firsts.append(first)
            try log.commit(LogBatch(entries: LogSamples.batch(first...last).entries, marks: [mark(first)]))
            RecordingFileSystem.acknowledge(last)
            if random.int(in: 0...19) == 0 { try log.checkpoint() }
        }
        log.close()
        return firsts
    }

    @Test func powerCutLosesNothingAcknowledgedAndHalvesNoBatch() throws {
        var random = SeededGenerator.printed("powerCutLosesNothingAcknowledgedAndHalvesNoBatch")
        try SQLiteLog.open(path: path, mode: .create).close()
        let start = [path: RawFile.read(path)]
        RecordingFileSystem.install()
        let firsts = try work(&random, commits: 80)
        let events = RecordingFileSystem.takeEvents()
        try #require(events.contains { if case .sync(path) = $0 { true } else { false } }, "no checkpoint was recorded")

        let cuts = Environment.value("CAPTEST_ROUNDS").flatMap { Int($0) } ?? 60
        for _ in 0..<cuts {
            var disk = LossyDisk(start)
            var acknowledged: UInt64 = 0
            for event in events[..<random.int(in: 0...events.count)] {
                disk.apply(event)
                if case .acknowledged(let revision) = event { acknowledged = revision }
            }
            for name in Scratch.names(in: scratch.folder) { unlink(scratch.path(name)) }
            for (name, bytes) in disk.afterPowerCut(&random) { RawFile.write(bytes, to: name) }

            let log = try SQLiteLog.open(path: path, mode: .existing)
            let last = log.lastRevision
            #expect(last >= acknowledged)
            #expect(firsts.contains(last + 1) || last == lastAcknowledged(events))
            #expect(try log.read() == (1..<last + 1).map { ReadEntry(LogSamples.entry($0)) })
            #expect(try log.marks(notBefore: 0) == firsts.filter { $0 <= last }.map(mark))
        }
    }

    /// Gives the last revision of the whole run.
    private func lastAcknowledged(_ events: [RecordingFileSystem.Event]) -> UInt64 {
        for case .acknowledged(let revision) in events.reversed() { return revision }
        return 0
    }
}
