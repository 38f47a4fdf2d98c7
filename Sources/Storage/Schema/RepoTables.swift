/// The tables of repositories: records, operation log, blobs.
enum RepoTables {
    static let statements: [String] = []
}
