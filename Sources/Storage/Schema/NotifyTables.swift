/// The tables of notifications: registrations and the outbox.
enum NotifyTables {
    static let statements: [String] = []
}
