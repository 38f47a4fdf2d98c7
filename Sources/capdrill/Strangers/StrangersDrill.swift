/// Attacks the service as a stranger and as any account can, and holds what that costs to its bounds.
final class StrangersDrill {
    private let options: DrillOptions
    private var failures: [String] = []
    private var judged = 0
    private var open = 0

    init(_ options: DrillOptions) { self.options = options }

    func run() throws -> Int32 {
        say("seed \(options.seed)\(options.isShort ? ", short" : "")")
        let attacks = Attack.all.filter { options.row == nil || $0.name == options.row }
        guard !attacks.isEmpty else {
            throw DrillFailure(
                "there is no row `\(options.row ?? "")`: \(Attack.all.map(\.name).joined(separator: ", "))")
        }
        for attack in attacks {
            let began = Clock.milliseconds()
            // Each row draws the same numbers, whether it runs alone or after others.
            let arena = Arena(options, attack: attack.name)
            do {
                for bound in try attack.run(arena) { judge(attack.name, bound) }
            } catch {
                failures.append("\(attack.name) cannot be carried out: \((error as? DrillFailure)?.text ?? "\(error)")")
            }
            say("\(attack.name) took \(Double((Clock.milliseconds() - began) / 100) / 10) s")
        }
        for failure in failures { say(failure) }
        let rest = open == 0 ? "" : ", \(open) known to be open"
        say(
            failures.isEmpty
                ? "passed: \(judged - open) bounds\(rest)" : "FAILED: \(failures.count) of \(judged) bounds\(rest)")
        return failures.isEmpty ? 0 : 1
    }

    private func judge(_ attack: String, _ bound: Bound) {
        judged += 1
        let name = "\(attack): \(bound.name)"
        let line = "\(name): bound \(bound.limit), seen \(bound.seen)"
        guard let known = OpenBounds.known[name], bound.share > 1 || !known.mayHold else {
            say((bound.share <= 1 ? "held    " : "PASSED  ") + line)
            if bound.share > 1 { failures.append("\(name) is passed") }
            return
        }
        open += 1
        say("open    \(line) (\(known.reason))")
        if bound.share > known.most { failures.append("\(name) is open, and passed further than is known") }
        if bound.share <= OpenBounds.clearlyHeld { failures.append("\(name) is listed as open, and holds") }
    }
}
