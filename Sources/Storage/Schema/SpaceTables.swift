/// The tables of spaces: settings, members, invites, issued credentials.
enum SpaceTables {
    static let statements: [String] = []
}
