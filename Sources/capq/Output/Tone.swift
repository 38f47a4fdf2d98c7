/// Gives a piece of text its colour by what it means.
enum Tone: Sendable, Equatable {
    case plain
    case good
    case bad
    case waiting
    case faint

    /// Chooses the tone for a status or decision as the service or capq words it.
    init(status: String?) {
        switch status {
        case "live", "active", "allow", "valid": self = .good
        case "pending", "undetermined", "unverified", "unsent": self = .waiting
        case nil: self = .plain
        default: self = .bad
        }
    }

    /// Wraps `text` in the escape codes of the tone.
    func paint(_ text: String, _ style: OutputStyle) -> String {
        guard style.hasColour else { return text }
        switch self {
        case .plain: return text
        case .good: return "\u{1b}[32m\(text)\u{1b}[0m"
        case .bad: return "\u{1b}[31m\(text)\u{1b}[0m"
        case .waiting: return "\u{1b}[33m\(text)\u{1b}[0m"
        case .faint: return "\u{1b}[2m\(text)\u{1b}[0m"
        }
    }
}
