import CapabilityGraph
import Glibc
import Multiformats
import Storage
import UCAN

/// Revoking an edge that a hundred thousand others rest on, against committing one row.
enum RevokeShape {
    static func run(_ scale: Scale) throws -> [Measurement] {
        let folder = try TemporaryFolder()
        let families = try Families.standard()
        let store = try GraphStore.open(path: folder.path + "/bench.sqlite", families: families)
        defer { store.close() }
        let log = try SQLiteLog.open(path: folder.path + "/floor.sqlite", mode: .create)
        defer { log.close() }
        var revocations: [Double] = []
        var commits: [Double] = []
        for round in 0..<scale.revocations {
            let root = ChainWorld.edge(round, round / ChainWorld.chainsPerOwner, 0, 0, nil)
            let owner = round / ChainWorld.chainsPerOwner
            try admitTree(root, round, owner, scale.descendants, store)
            let last = ChainWorld.principal(1_000_000 + round * scale.descendants + scale.descendants - 1, 2)
            let question = CheckQuestion(
                principal: last, ability: Ability(literal: "tinycloud.kv/get"),
                resource: ChainWorld.resource(owner, "c\(round)"))
            precondition(store.unprovenSnapshot().check(question, at: ChainWorld.now).isAllowed)
            let start = Stopwatch.nanoseconds()
            let done = Signal()
            store.submit(
                .revoke(
                    RevocationStatement(
                        target: root.id, signer: root.issuer, proofs: [], id: ChainWorld.digest(round, 33)),
                    token: [UInt8](repeating: 0x61, count: 600), now: ChainWorld.now
                ) { _ in done.raise() })
            done.wait()
            revocations.append(Stopwatch.nanoseconds() - start)
            precondition(
                !store.unprovenSnapshot().check(question, at: ChainWorld.now).isAllowed, "a check still allows")
            let entry = LogEntry(
                revision: UInt64(round + 1), kind: 2, recordedAt: 0, record: [UInt8](repeating: 1, count: 64),
                tokenID: ChainWorld.digest(round, 34), token: [UInt8](repeating: 0x61, count: 600))
            let begin = Stopwatch.nanoseconds()
            try log.commit(LogBatch(entries: [entry]))
            commits.append(Stopwatch.nanoseconds() - begin)
        }
        revocations.sort()
        commits.sort()
        return [
            Measurement(
                shape: "revoke-\(scale.descendants)-descendants", value: revocations[revocations.count / 2] / 1000,
                floor: commits[commits.count / 2] / 1000, unit: "us", target: .atMost(3))
        ]
    }

    /// A root, one session below it, and all the rest below the session.
    private static func admitTree(
        _ root: EdgeStatement, _ round: Int, _ owner: Int, _ count: Int, _ store: GraphStore
    ) throws {
        func admit(_ statement: EdgeStatement, waits: Bool) {
            let finished = waits ? Signal() : nil
            store.submit(
                .admit(statement, token: [0x61], now: ChainWorld.now, hosting: .explicit) { result in
                    guard case .success(.admitted) = result else { preconditionFailure("a benchmark edge was refused") }
                    finished?.raise()
                })
            finished?.wait()
        }
        admit(root, waits: true)
        for number in 0..<count {
            let statement = EdgeStatement(
                id: Multihash(code: .blake3_256, digest: ChainWorld.digest(round * count + number, 31)),
                statementID: ChainWorld.digest(round * count + number, 32), kind: .ucan, issuer: root.audience,
                audience: ChainWorld.principal(1_000_000 + round * count + number, 2),
                capabilities: root.capabilities, expires: root.expires, proofs: [root.id])
            while store.pendingCount > 2000 { sched_yield() }
            admit(statement, waits: number == count - 1)
        }
    }
}
