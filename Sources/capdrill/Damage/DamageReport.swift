/// Counts what became of damaged folders, by file, and collects what must not be.
struct DamageReport {
    private struct Counts {
        var tried = 0
        var noticed = 0
        var refused = 0
        var harmless = 0
        var open = 0
    }

    private var counts: [String: Counts] = [:]
    private var violations: [String] = []
    /// What is known to be open, by its reason.
    private var open: [String: [String]] = [:]
    private var checks = 0

    mutating func add(_ damage: Damage, _ outcome: Outcome) {
        checks += 1
        counts[damage.row, default: Counts()].tried += 1
        if let reason = KnownOpen.reason(damage, outcome) {
            counts[damage.row]?.open += 1
            return open[reason, default: []].append(damage.name)
        }
        switch outcome {
        case .refused: counts[damage.row]?.refused += 1
        case .noticed: counts[damage.row]?.noticed += 1
        case .harmless: counts[damage.row]?.harmless += 1
        case .served(let lines, let isNoticed):
            violations.append(
                "\(damage.name) is served\(isNoticed ? ", though `verify` notices it" : ""): "
                    + lines.prefix(2).joined(separator: "; ") + " (\(lines.count) answers)")
        case .unnoticed(let lines):
            violations.append("\(damage.name) is not noticed: " + lines.prefix(2).joined(separator: "; "))
        case .broken(let words): violations.append("\(damage.name): \(words)")
        }
    }

    func finish(seed: UInt64) -> Int32 {
        for (row, count) in counts.sorted(by: { $0.key < $1.key }) {
            say(
                "\(row): \(count.tried), \(count.noticed) noticed by verify alone, \(count.refused) refused at start, "
                    + "\(count.harmless) without effect" + (count.open == 0 ? "" : ", \(count.open) known to be open"))
        }
        for (reason, names) in open.sorted(by: { $0.key < $1.key }) {
            say("open: \(reason): \(names.count), such as \(names[0])")
        }
        for line in violations { say(line) }
        say(violations.isEmpty ? "passed: \(checks) checks" : "FAILED: \(violations.count) violations, seed \(seed)")
        return violations.isEmpty ? 0 : 1
    }
}
