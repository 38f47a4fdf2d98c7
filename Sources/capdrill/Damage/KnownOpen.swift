/// What the drill finds and the service does not meet yet: it ends no run, and is printed with its reason.
enum KnownOpen {
    /// Tables that may be too large to be read at a start. The bytes that a row names by a hash are compared at every read; its
    /// other columns, and the indexes it is found by, are looked at by `verify` alone, and answers show them as they are.
    private static let large: Set<String> = [
        "record", "operation", "repo", "blob", "blob_reference", "kv_value",
    ]

    /// Why this is known; nil when it is not.
    static func reason(_ damage: Damage, _ outcome: Outcome) -> String? {
        guard case .served(_, let isNoticed) = outcome else { return nil }
        if isNoticed, damage.kind != .gone, let table = damage.table, large.contains(table) {
            return
                "`\(table)` is only looked at by `verify`: it notices, and until it is run the row or index is served"
        }
        if damage.kind == .gone, damage.lost == [DataFolder.head, DataFolder.writeAhead] {
            return "without the count of commits nothing tells that a write-ahead log was there (docs/architecture)"
        }
        return nil
    }
}
