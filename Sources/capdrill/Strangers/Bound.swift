/// What must hold under one attack, beside what was seen.
struct Bound: Sendable {
    let name: String
    let limit: String
    let seen: String
    /// What was seen divided by what may be, so that 1 and less is within the bound.
    let share: Double

    private init(_ name: String, _ limit: String, _ seen: String, _ share: Double) {
        self.name = name
        self.limit = limit
        self.seen = seen
        self.share = share
    }

    /// At most so much may be seen.
    static func most(_ name: String, _ seen: Double, _ limit: Double, _ unit: Unit) -> Bound {
        Bound(name, "≤ " + unit.text(limit), unit.text(seen), limit > 0 ? seen / limit : seen > 0 ? 1000 : 0)
    }

    /// At least so much must be seen; `note` says more of what was seen.
    static func least(_ name: String, _ seen: Double, _ limit: Double, _ unit: Unit, note: String = "") -> Bound {
        Bound(
            name, "≥ " + unit.text(limit), unit.text(seen) + (note.isEmpty ? "" : ": " + note),
            seen > 0 ? limit / seen : 1000)
    }

    /// Something is so or is not.
    static func so(_ name: String, _ isSo: Bool, _ seen: String) -> Bound {
        Bound(name, "yes", isSo ? "yes" : "no: " + seen, isSo ? 0 : 1000)
    }

    enum Unit: Sendable {
        case bytes, milliseconds, count, times

        func text(_ number: Double) -> String {
            switch self {
            case .bytes where abs(number) >= 1e6: return Self.rounded(number / 1e6) + " MB"
            case .bytes: return Self.rounded(number / 1e3) + " kB"
            case .milliseconds: return Self.rounded(number) + " ms"
            case .count: return "\(Int(number.rounded()))"
            case .times: return Self.rounded(number) + " times"
            }
        }

        private static func rounded(_ number: Double) -> String { "\((number * 100).rounded() / 100)" }
    }
}
