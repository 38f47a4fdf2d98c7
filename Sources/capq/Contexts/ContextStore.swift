/// Keeps the configuration in `config.json` and one folder a context.
struct ContextStore: Sendable {
    let home: String

    private var path: String { home + "/config.json" }

    /// Reads the configuration; an empty one when there is no file.
    func load() throws(CommandError) -> Configuration {
        guard SystemFile.exists(path) else { return Configuration() }
        return try Configuration(PrivateFile.read(path), path: path)
    }

    /// Replaces the configuration in one step.
    func save(_ configuration: Configuration) throws(CommandError) {
        try PrivateFile.write(configuration.serialized(), to: path, replaces: true)
    }

    /// Names the folder that holds what belongs to one context, such as its session.
    func folder(of context: String) -> String { "\(home)/contexts/\(context)" }

    /// Finds a context by name, else the current one; nil when neither is set.
    func context(named name: String?) throws(CommandError) -> Context? {
        let configuration = try load()
        guard let wanted = name ?? configuration.current else { return nil }
        guard let context = configuration[wanted] else {
            let near = Suggestion.nearest(to: wanted, among: configuration.contexts.map(\.name))
            throw CommandError(
                .notFound,
                "no context `\(wanted)`",
                hint: near.map { "did you mean `\($0)`?" } ?? "`capq context set \(wanted) --url URL` makes one"
            )
        }
        return context
    }
}

/// Names whom to ask, and with which key and space by default.
struct Context: Sendable, Equatable {
    enum Source: Sendable, Equatable {
        /// Base URL of a service.
        case service(String)
        /// Path of a database file.
        case database(String)
    }

    let name: String
    var source: Source
    /// Key name or path.
    var key: String?
    /// Space id.
    var space: String?
}
