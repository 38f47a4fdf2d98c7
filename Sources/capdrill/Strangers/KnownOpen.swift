/// The bounds that the service is known to pass today.
///
/// A bound that is passed and not listed fails the drill, and so does a listed one that clearly holds: then its line goes.
enum KnownOpen {
    /// By the names of attack and bound, why it is open.
    static let reasons: [String: String] = [:]

    /// Below this share of its bound a listed one is no noise any more.
    static let clearlyHeld = 0.5
}
