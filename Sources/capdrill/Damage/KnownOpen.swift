/// What the drill finds and the service does not meet yet: it ends no run, and is printed with its reason.
enum KnownOpen {
    /// Why this is known; nil when it is not.
    static func reason(_ damage: Damage, _ outcome: Outcome) -> String? {
        guard case .served = outcome else { return nil }
        if damage.kind == .gone, damage.lost == [DataFolder.head, DataFolder.writeAhead] {
            return "without the count of commits nothing tells that a write-ahead log was there (docs/architecture)"
        }
        return nil
    }
}
