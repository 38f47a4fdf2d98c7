/// Says what a value on the command line may be: checked when parsed, offered when completed.
enum ValueKind: Sendable, Equatable {
    case text
    case file
    case choice([String])
    case integer(ClosedRange<Int>)
    /// A count and a unit out of `s`, `m`, `h`, `d`, as in `90s` or `7d`.
    case duration
    /// The name of a key file in the key folder, or a path to one.
    case key
    /// The name of a context.
    case context
    /// The handle of an account that is logged in.
    case account

    /// Checks `value`; `owner` names the option or argument in the message.
    func validate(_ value: String, owner: String) throws(Failure) {
        switch self {
        case .text, .file, .key, .context, .account:
            guard !value.isEmpty else { throw .usage("\(owner) is empty") }
        case .choice(let choices):
            guard !choices.contains(where: { $0.hasSameBytes(as: value) }) else { return }
            let near = Suggestion.nearest(to: value, among: choices)
            let hint = near.map { "did you mean `\($0)`?" } ?? "one of \(choices.joined(separator: ", "))"
            throw .usage("\(owner) cannot be `\(value)`", hint: hint)
        case .integer(let range):
            guard let number = Int(value), range.contains(number) else {
                throw .usage(
                    "\(owner) cannot be `\(value)`",
                    hint: "a whole number from \(range.lowerBound) to \(range.upperBound)"
                )
            }
        case .duration:
            guard Span.seconds(value) != nil else {
                throw .usage("\(owner) cannot be `\(value)`", hint: "a count and a unit: 90s, 15m, 12h, 7d")
            }
        }
    }
}
