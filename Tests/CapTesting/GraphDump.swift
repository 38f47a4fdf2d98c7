public import CapabilityGraph
import Multiformats
import UCAN

/// Writes down everything a snapshot says, so that two can be compared line by line.
public enum GraphDump {
    public static func lines(_ snapshot: Snapshot, at times: [Int64]) throws -> [String] {
        var lines: [String] = []
        for raw in 0..<UInt32(snapshot.edgeCount) {
            let edge = Snapshot.EdgeID(raw: raw)
            let view = snapshot.view(edge)
            lines.append(
                [
                    "edge \(raw)", view.id.digest.hex, view.kind.name, view.issuer, view.audience,
                    number(view.notBefore), number(view.expires), "\(view.admittedAt)", number(view.recordedAt),
                    view.isTerminal ? "terminal" : "", view.proofs.map { "\($0.raw)" }.joined(separator: "+"),
                    snapshot.edge(view.id)?.raw == raw ? "found" : "lost",
                ].joined(separator: " "))
            for capability in view.capabilities {
                let caveats = String(decoding: capability.caveats.keyed.canonical(), as: UTF8.self)
                lines.append("  \(capability.ability.text) on \(capability.resource.text) \(caveats)")
            }
            if let ending = view.ending {
                lines.append("  ended by \(ending.revoker) \(ending.revocation.text) \(number(ending.at))")
            }
            for time in times {
                let status = snapshot.status(of: edge, at: Timestamp(microseconds: time))
                lines.append("  \(status.name) \(status.cause.map { "\($0.raw)" } ?? "")")
            }
            lines.append("  chain \(snapshot.chain(of: edge)?.edges.map { "\($0.raw)" } ?? ["none"])")
        }
        for text in RandomAuthority.spaces {
            let space = try Space(text)
            lines.append("hosted \(snapshot.isHosted(space))")
            for direction in [ListQuery.Direction.created, .received, .all] {
                for who in RandomAuthority.principals {
                    var query = ListQuery(
                        space: space,
                        asker: try snapshot.asker(
                            invoker: try Plain.did(who), proofs: [], at: Timestamp(microseconds: times[0])))
                    query.direction = direction
                    query.statuses = Set(ListQuery.Status.allCases)
                    let time = Timestamp(microseconds: times[0])
                    let page = snapshot.list(query, limit: 10_000, selectedAt: time, now: time, current: snapshot)
                    lines.append("\(direction) \(who) \(page.rows.map { "\($0.edge.raw)" })")
                    if direction == .all { break }
                }
            }
        }
        return lines
    }

    private static func number(_ time: Timestamp?) -> String { time.map { "\($0.microseconds)" } ?? "-" }
}
