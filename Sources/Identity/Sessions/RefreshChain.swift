import UCAN

/// The refresh tokens of a session by their ids: the one that is good now, and those used so lately that using them again
/// gives the answer they got.
///
/// Only names are kept. A token is made of its name, its time and the server's secret, so the answer a used one got is made
/// again, byte for byte, and nothing is at rest that a client could show.
struct RefreshChain: Hashable {
    /// A token that was exchanged, and when.
    private struct Use: Hashable {
        let id: String
        let at: Timestamp
    }

    /// What a token is good for.
    enum Standing: Hashable {
        /// Not used yet.
        case current
        /// Used lately: its answer was the token of this id, made then.
        case answered(next: String, at: Timestamp)
        /// Used, and not lately.
        case spent
    }

    private(set) var current: String
    /// The oldest first.
    private var used: [Use]

    /// Used tokens that are remembered at most, however many are exchanged within the time.
    static let maximumUses = 16

    /// Reads the text of the table: `id time id time … id`, where a time is that of the exchange of the id before it.
    init(stored text: String) {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        current = parts.last.map { String($0) } ?? ""
        used = stride(from: 0, to: parts.count - 2, by: 2).compactMap { index in
            Int64(parts[index + 1]).map { Use(id: String(parts[index]), at: Timestamp(microseconds: $0)) }
        }
    }

    var stored: String { (used.map { "\($0.id) \($0.at.microseconds)" } + [current]).joined(separator: " ") }

    /// Says what a token is good for; `grace` is for how many seconds a used one is answered again.
    func standing(of id: String, grace: Int64, at now: Timestamp) -> Standing {
        if id == current { return .current }
        guard let index = used.firstIndex(where: { $0.id == id }), isRecent(used[index], grace, now) else {
            return .spent
        }
        return .answered(next: index + 1 < used.count ? used[index + 1].id : current, at: used[index].at)
    }

    /// Puts another token in the place of the current one, and forgets the uses that are no longer answered.
    mutating func exchange(for next: String, grace: Int64, at now: Timestamp) {
        used = (used + [Use(id: current, at: now)]).filter { isRecent($0, grace, now) }.suffix(Self.maximumUses)
        current = next
    }

    private func isRecent(_ use: Use, _ grace: Int64, _ now: Timestamp) -> Bool {
        now < use.at.adding(seconds: grace)
    }
}
