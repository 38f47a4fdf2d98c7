import UCAN

extension Timestamp {
    /// Adds seconds; the sum stays in range for durations capq accepts.
    func adding(seconds: Int64) -> Timestamp {
        Timestamp(microseconds: microseconds.addingReportingOverflow(seconds * 1_000_000).partialValue)
    }

    /// Drops the fraction of the second, for texts people compare.
    var wholeSeconds: Timestamp {
        Timestamp(microseconds: microseconds - ((microseconds % 1_000_000) + 1_000_000) % 1_000_000)
    }

    /// Reads what follows `--at`.
    static func typed(_ text: String) throws(CommandError) -> Timestamp {
        guard let time = try? Timestamp.parse(text) else {
            throw .usage("`\(text)` is not a moment", hint: "as in 2026-07-10T12:00:00Z")
        }
        return time
    }

    /// Says how far this moment lies from `now`: `in 6d`, `2h ago`.
    func distance(from now: Timestamp) -> String {
        let (difference, overflow) = microseconds.subtractingReportingOverflow(now.microseconds)
        guard !overflow else { return rfc3339 }
        let seconds = difference.magnitude / 1_000_000
        let units: [(size: UInt64, name: String)] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")]
        guard let unit = units.first(where: { seconds >= $0.size }) else { return "now" }
        let count = "\(seconds / unit.size)\(unit.name)"
        return difference > 0 ? "in \(count)" : "\(count) ago"
    }
}
