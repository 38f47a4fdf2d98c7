import CapabilityGraph
import Multiformats
import Storage
import UCAN

/// Many chains of four edges (owner, session, service, agent, tool) in one graph, without signatures.
struct ChainWorld {
    static let now = Timestamp(seconds: 1_800_000_000)
    static let depth = 4

    let graph: Graph
    let chains: Int
    /// Edges under the owner that the listing shapes ask about.
    let busyRows: Int
    /// Log records, when asked for.
    private(set) var records: [LogRecord] = []

    static func owner(_ number: Int) -> DID { did("0x" + hex(number, 40), "did:pkh:eip155:1:") }
    static func principal(_ chain: Int, _ level: Int) -> DID {
        // As long as a did:key; of this method the names are not looked into.
        did("z6Mk" + hex(chain, 36) + hex(level, 8), "did:plc:")
    }

    private static func did(_ id: String, _ prefix: String) -> DID {
        guard let did = try? DID(prefix + id) else { preconditionFailure("a benchmark DID is malformed") }
        return did
    }

    private static func hex(_ number: Int, _ width: Int) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: width - text.utf8.count) + text
    }

    static func space(_ owner: Int) -> Space { Space(owner: self.owner(owner), name: "default") }

    static func resource(_ owner: Int, _ path: String?) -> Resource {
        .tinycloud(space: space(owner), service: "kv", path: path, suffix: "")
    }

    static func digest(_ number: Int, _ salt: UInt64) -> Digest {
        var random = BenchRandom(state: UInt64(number) &* 0x9E37_79B9 ^ salt << 40)
        return Digest(w0: random.next(), w1: random.next(), w2: random.next(), w3: random.next())
    }

    /// Chains of one owner share that owner's space; there is one owner for each 250 chains.
    static let chainsPerOwner = 250
    /// So many chains run through the same session, service, agent and tool.
    static let sharing = 10

    init(edges: Int, busyRows: Int = 0, keepRecords: Bool = false) throws {
        let families = try Families.standard()
        graph = try Graph(families: families)
        let chains = max(1, (edges - busyRows) / Self.depth)
        self.chains = chains
        self.busyRows = busyRows
        let writer = GraphWriter(graph)
        writer.begin()
        var number = 0
        var kept: [LogRecord] = []
        func admit(_ statement: EdgeStatement) throws {
            guard case .admitted(let admitted) = try writer.admit(statement, at: Self.now) else {
                preconditionFailure("a benchmark edge was refused")
            }
            if keepRecords { kept.append(admitted.record) }
            number += 1
            if number % 4096 == 0 {
                writer.commit()
                writer.begin()
            }
        }
        for chain in 0..<chains {
            let owner = chain / Self.chainsPerOwner
            var parent: Multihash?
            for level in 0..<Self.depth {
                let statement = Self.edge(chain, owner, level, number, parent)
                try admit(statement)
                parent = statement.id
            }
        }
        // One agent that received very many delegations, and the session that made them.
        if busyRows > 0 {
            let root = Self.edge(0, 0, 0, 0, nil)
            for row in 0..<busyRows {
                try admit(
                    EdgeStatement(
                        id: Multihash(code: .blake3_256, digest: BLAKE3.hash(Self.busyToken(row))),
                        statementID: Self.digest(row, 8), kind: .ucan, issuer: Self.principal(0, 0),
                        audience: Self.principal(1 << 30, 0),
                        capabilities: [
                            Capability(
                                resource: Self.resource(0, "c0/busy/\(row)"),
                                ability: Ability(literal: "tinycloud.kv/get"))
                        ], expires: Timestamp(seconds: 1_900_000_000), proofs: [root.id]))
            }
        }
        writer.commit()
        records = kept
    }

    /// What stands for the signed bytes of a busy row: 600 bytes whose hash is the row's id.
    static func busyToken(_ row: Int) -> [UInt8] {
        let head = Array("busy \(row) ".utf8)
        return head + [UInt8](repeating: UInt8(ascii: "x"), count: 600 - head.count)
    }

    /// Writes the records kept, with the tokens of the busy rows, as a log at `path`.
    func write(to path: String, tokenOfOthers: [UInt8]? = nil) throws {
        let log = try SQLiteLog.open(path: path, mode: .create)
        var batch = LogBatch()
        for (index, record) in records.enumerated() {
            let row = index - chains * Self.depth
            let token = row >= 0 ? Self.busyToken(row) : tokenOfOthers
            batch.entries.append(
                LogEntry(
                    revision: UInt64(record.revision), kind: record.kind.rawValue, recordedAt: record.recordedAt,
                    record: record.bytes, tokenID: token.map { BLAKE3.hash($0) }, token: token))
            if batch.entries.count == 4096 {
                try log.commit(batch)
                batch.entries.removeAll(keepingCapacity: true)
            }
        }
        if !batch.entries.isEmpty { try log.commit(batch) }
        try log.checkpoint()
        log.close()
    }

    static func edge(_ chain: Int, _ owner: Int, _ level: Int, _ number: Int, _ parent: Multihash?) -> EdgeStatement {
        let path = ["c\(chain)", "c\(chain)/a", "c\(chain)/a/b", "c\(chain)/a/b/c"][level]
        return EdgeStatement(
            id: Multihash(code: .blake3_256, digest: digest(chain * depth + level, 1)),
            statementID: digest(chain * depth + level, 2), kind: level == 0 ? .cacao : .ucan,
            issuer: level == 0 ? self.owner(owner) : principal(chain / sharing, level - 1),
            audience: principal(chain / sharing, level),
            capabilities: [Capability(resource: resource(owner, path), ability: Ability(literal: "tinycloud.kv/get"))],
            expires: Timestamp(seconds: 1_900_000_000), issuedAt: level == 0 ? Timestamp(seconds: 1_700_000_000) : nil,
            proofs: parent.map { [$0] } ?? [])
    }
}
