/// The tables of accounts: passwords, keys, sessions.
enum AccountTables {
    static let statements: [String] = []
}
