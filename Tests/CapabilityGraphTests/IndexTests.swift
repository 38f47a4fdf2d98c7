import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// The parts of the index against plain arrays and dictionaries.
@Suite struct IndexTests {
    @Test func listsOfAnyLengthAreWalkedNewestFirstFromAnyEdge() throws {
        try Property.hold("lists", cases: 40) { generator in
            var random = generator
            let lists = try EdgeLists(limits: GraphRig.smallLimits, hashing: KeyedHash())
            var expected: [[UInt32]] = Array(repeating: [], count: 6)
            var edge: UInt32 = 0
            // One at a time, or so many that their places are read ahead.
            let most = [1, 200].randomElement(using: &random) ?? 1
            var entries: [(key: EdgeLists.Key, edge: UInt32)] = []
            for _ in 0..<Int.random(in: 1...400, using: &random) {
                edge += UInt32.random(in: 1...3, using: &random)
                let list = Int.random(in: 0..<6, using: &random) % Int.random(in: 1...6, using: &random)
                expected[list].append(edge)
                entries.append((EdgeLists.Key(.space, UInt32(list)), edge))
                guard entries.count >= most else { continue }
                try lists.append(entries, journal: Journal())
                entries = []
            }
            try lists.append(entries, journal: Journal())
            for list in expected.indices {
                for bound in [0, 1, edge / 2, expected[list].last ?? 0, edge + 1, .max] {
                    var cursor = lists.cursor(EdgeLists.Key(.space, UInt32(list)), below: bound)
                    var walked: [UInt32] = []
                    while let next = cursor.next() { walked.append(next) }
                    guard walked == expected[list].filter({ $0 < bound }).reversed() else {
                        return "a list of \(expected[list].count) below \(bound) gives \(walked)"
                    }
                }
            }
            return nil
        }
    }

    @Test func issueTimesAreFoundAfterSomeWereTakenBack() throws {
        try Property.hold("issue times", cases: 40) { generator in
            var random = generator
            let times = try IssueTimes(limits: GraphRig.smallLimits)
            var expected: [Int64?] = []
            for _ in 0..<Int.random(in: 1...12, using: &random) {
                let (edges, count) = (expected.count, times.count)
                let keeps = Bool.random(using: &random)
                for _ in 0..<Int.random(in: 0...150, using: &random) {
                    let time = Int.random(in: 0..<3, using: &random) > 0 ? Int64.random(in: 0...9, using: &random) : nil
                    times.append(UInt32(expected.count), time)
                    expected.append(time)
                }
                guard !keeps else { continue }
                times.cut(to: count)
                expected.removeSubrange(edges...)
            }
            for (edge, time) in expected.enumerated() {
                guard let time else { continue }
                guard times[UInt32(edge)] == time else { return "edge \(edge) has \(times[UInt32(edge)])" }
            }
            return nil
        }
    }

    /// More edges than wait at a time, each with names of its own.
    private static func rig() throws -> (rig: GraphRig, records: [LogRecord], ids: [Multihash]) {
        let rig = try GraphRig()
        var records: [LogRecord] = []
        var ids: [Multihash] = []
        for number in 0..<1300 {
            let owner = try DID("did:web:owner\(number / 3).example")
            let id = Multihash(code: .blake3_256, digest: BLAKE3.hash(Array("edge \(number)".utf8)))
            let statement = EdgeStatement(
                id: id, statementID: BLAKE3.hash(Array("statement \(number)".utf8)), kind: .ucan, issuer: owner,
                audience: try DID("did:web:reader\(number).example"),
                capabilities: [
                    Capability(
                        resource: .tinycloud(
                            space: Space(owner: owner, name: "default"), service: "kv", path: "p\(number)", suffix: ""),
                        ability: try Ability("tinycloud.kv/get"))
                ])
            guard case .admitted(let admitted) = try rig.writer.admit(statement, at: Timestamp(seconds: 1)) else {
                throw Property.Difference("edge \(number) was refused")
            }
            records.append(admitted.record)
            ids.append(id)
        }
        rig.writer.commit()
        return (rig, records, ids)
    }

    @Test func whatWasReplayedInBatchesIsFound() throws {
        let (rig, records, ids) = try Self.rig()
        let replayed = try GraphRig.replaying(records)
        #expect(replayed.graph.revision == rig.graph.revision)
        for (number, id) in ids.enumerated() {
            let snapshot = replayed.graph.snapshot()
            #expect(snapshot.edge(id) == rig.graph.snapshot().edge(id))
            let owner = try DID("did:web:owner\(number / 3).example")
            let question = CheckQuestion(
                principal: try DID("did:web:reader\(number).example"), ability: try Ability("tinycloud.kv/get"),
                resource: .tinycloud(
                    space: Space(owner: owner, name: "default"), service: "kv", path: "p\(number)", suffix: ""))
            #expect(snapshot.check(question, at: Timestamp(seconds: 2)).isAllowed)
        }
    }

    @Test func aNameThatALogDefinesTwiceIsDamage() throws {
        let records = try Self.rig().records
        let replayed = try GraphRig()
        replayed.writer.begin()
        func replay(_ record: LogRecord, at revision: UInt64) throws {
            _ = try record.bytes.withUnsafeBytes { bytes in
                try replayed.writer.replay(
                    kind: record.kind.rawValue, revision: revision, recordedAt: record.recordedAt, record: bytes)
            }
        }
        try replay(records[0], at: 1)
        try replay(records[0], at: 2)
        do {
            try replayed.writer.commitReplay()
            Issue.record("the second definition was taken")
        } catch {
            #expect(error.code == .malformedRecord)
        }
    }
}
