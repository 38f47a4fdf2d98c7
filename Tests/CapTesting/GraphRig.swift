public import CapabilityGraph
import Multiformats
import UCAN

/// Runs plain statements through a graph's one writer and answers in words.
public final class GraphRig {
    public let graph: Graph
    public let writer: GraphWriter
    public private(set) var records: [LogRecord] = []
    public var hosting = HostingPolicy.explicit

    public static let smallLimits: GraphLimits = {
        var limits = GraphLimits()
        limits.maxEdges = 1 << 14
        return limits
    }()

    public init(limits: GraphLimits = GraphRig.smallLimits) throws {
        graph = try Graph(families: .standard(), limits: limits)
        writer = GraphWriter(graph)
    }

    /// Takes over a graph as its one writer.
    public init(_ graph: Graph) {
        self.graph = graph
        writer = GraphWriter(graph)
    }

    /// Offers a statement to the open batch; `admitted`, `existing`, `twin` or the code of the refusal.
    @discardableResult
    public func offer(_ statement: PlainStatement, at now: Int64) throws -> String {
        switch try writer.admit(try statement.graphValue(), at: Timestamp(microseconds: now), hosting: hosting) {
        case .admitted(let admitted):
            records.append(admitted.record)
            return "admitted"
        case .existing: return "existing"
        case .twin(_, let record):
            records.append(record)
            return "twin"
        case .refused(let refusal): return refusal.code.rawValue
        }
    }

    /// Offers a revocation to the open batch; `revoked`, `alreadyRevoked` or the code of the refusal.
    @discardableResult
    public func offer(_ revocation: PlainRevocation, at now: Int64) throws -> String {
        let (now, statement) = (Timestamp(microseconds: now), try revocation.graphValue())
        do {
            let (target, acting) = try writer.working.revocable(statement, at: now)
            let end = EdgeEnd(by: acting, reason: "revoked", token: (statement.id, []))
            guard let ended = try writer.end(target, end, at: now) else { return "alreadyRevoked" }
            records.append(ended.record)
            return "revoked"
        } catch let refusal as Refusal {
            return refusal.code.rawValue
        }
    }

    /// Hosts a space from now on; false when it is hosted already.
    @discardableResult
    public func host(_ space: String, at now: Int64) throws -> Bool {
        guard let record = try writer.host(try Space(space), at: Timestamp(microseconds: now)) else { return false }
        records.append(record)
        return true
    }

    @discardableResult
    public func admit(_ statement: PlainStatement, at now: Int64) throws -> String {
        let outcome = try offer(statement, at: now)
        writer.commit()
        return outcome
    }

    @discardableResult
    public func revoke(_ revocation: PlainRevocation, at now: Int64) throws -> String {
        let outcome = try offer(revocation, at: now)
        writer.commit()
        return outcome
    }

    /// Takes back the open batch, its records too.
    public func rollback(to recordCount: Int) throws {
        try writer.rollback()
        records.removeSubrange(recordCount...)
    }

    /// Builds another graph from these records alone.
    public static func replaying(_ records: [LogRecord], limits: GraphLimits = GraphRig.smallLimits) throws -> GraphRig
    {
        let rig = try GraphRig(limits: limits)
        rig.writer.begin()
        for record in records {
            _ = try record.bytes.withUnsafeBytes { bytes in
                try rig.writer.replay(
                    kind: record.kind.rawValue, revision: UInt64(record.revision), recordedAt: record.recordedAt,
                    record: bytes)
            }
        }
        try rig.writer.commitReplay()
        return rig
    }
}
