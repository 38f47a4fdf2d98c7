import Synchronization

/// Counts answers by route and status class; read by `/metrics`.
final class Metrics: Sendable {
    private let answers = Mutex<[Key: UInt64]>([:])

    private struct Key: Hashable {
        let route: String
        let status: Int
    }

    func count(_ route: String, _ status: Int) {
        answers.withLock { $0[Key(route: route, status: status), default: 0] += 1 }
    }

    /// Prometheus text: `capservice_answers_total{route,status}`.
    func text(
        revision: UInt32, edges: Int, pending: Int, commits: Int, unhosted: (edges: Int, bytes: Int),
        values: (count: Int64, used: Int64)?
    ) -> String {
        var lines = ["# TYPE capservice_answers_total counter"]
        let rows = answers.withLock { $0.map { ($0.key, $0.value) } }
        for (key, value) in rows.sorted(by: { ($0.0.route, $0.0.status) < ($1.0.route, $1.0.status) }) {
            lines.append("capservice_answers_total{route=\"\(key.route)\",status=\"\(key.status)\"} \(value)")
        }
        var gauges = [
            ("revision", Int(revision)), ("edges", edges), ("pending_changes", pending), ("commits", commits),
            ("unhosted_edges", unhosted.edges), ("unhosted_bytes", unhosted.bytes),
        ]
        // Nothing is said of what could not be read; a zero would be wrong.
        if let values { gauges += [("values", Int(values.count)), ("value_bytes", Int(values.used))] }
        for (name, value) in gauges {
            lines.append("# TYPE capservice_\(name) gauge")
            lines.append("capservice_\(name) \(value)")
        }
        return lines.joined(separator: "\n") + "\n"
    }
}
