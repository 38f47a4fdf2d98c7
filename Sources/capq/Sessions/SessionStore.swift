/// Keeps the session of one context in the context's folder.
struct SessionStore: Sendable {
    /// Folder of the context.
    let folder: String

    private var path: String { folder + "/session.json" }

    /// Names the key file a login makes when no key is named.
    var keyPath: String { folder + "/session-key.json" }

    /// Reads the session; nil when there is none.
    func load() throws(Failure) -> Session? {
        guard SystemFile.exists(path) else { return nil }
        return try Session(PrivateFile.read(path), path: path)
    }

    /// Replaces the session in one step.
    func save(_ session: Session) throws(Failure) {
        try PrivateFile.write(session.serialized(), to: path, replaces: true)
    }
}
