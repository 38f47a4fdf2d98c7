/// Chooses whom to ask: `--url`, `--db`, or what the context names.
enum SourceChoice {
    /// - Parameter resource: What the question is about, where it names a resource.
    static func open(
        _ arguments: Arguments, _ process: ProcessEnvironment, about resource: String? = nil
    ) throws(CommandError) -> any AuthoritySource {
        guard arguments[StandardOptions.url] == nil || arguments[StandardOptions.database] == nil else {
            throw .usage("`--url` and `--db` exclude each other")
        }
        if let path = arguments[StandardOptions.database] {
            return try DatabaseSource(path, arguments, process)
        }
        if let source = try permissioned(arguments, process, about: resource) { return source }
        if arguments[StandardOptions.url] == nil {
            let contexts = ContextStore(home: try process.homeFolder())
            let context = try contexts.context(named: arguments[StandardOptions.context])
            if case .database(let path)? = context?.source { return try DatabaseSource(path, arguments, process) }
        }
        return ServiceSource(signed: try Invoker(arguments, process))
    }

    /// Opens the graph of a permissioned space when one is named, or is the default of the context and an account is
    /// logged in; nil for every other question.
    static func permissioned(
        _ arguments: Arguments, _ process: ProcessEnvironment, about resource: String? = nil
    ) throws(CommandError) -> SpaceSource? {
        if let typed = arguments[AccountOptions.space] ?? resource.flatMap({ space(of: $0) }),
            SpaceChoice.isSpace(typed)
        {
            let acting = try ActingAccount(arguments, process)
            return SpaceSource(acting: acting, uri: try SpaceChoice.parse(typed, of: acting.did))
        }
        // A key signs for spaces of the other kind.
        guard arguments[AccountOptions.space] == nil, arguments[StandardOptions.key] == nil,
            let acting = try ActingAccount.find(arguments, process), let known = acting.service.context.space,
            SpaceChoice.isSpace(known),
            resource.map({ !$0.hasPrefix("tinycloud:") && SpaceText.space(of: $0) == nil }) ?? true
        else { return nil }
        return SpaceSource(acting: acting, uri: try SpaceChoice.parse(known, of: acting.did))
    }

    /// The first four segments of a resource in a permissioned space.
    private static func space(of resource: String) -> String? {
        guard resource.utf8.starts(with: "at://".utf8) else { return nil }
        let parts = resource.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false).prefix(4)
        return "at://" + parts.joined(separator: "/")
    }
}
