/// Chooses whom to ask: `--url`, `--db`, or what the context names.
enum SourceChoice {
    static func open(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> any AuthoritySource {
        guard arguments[StandardOptions.url] == nil || arguments[StandardOptions.database] == nil else {
            throw .usage("`--url` and `--db` exclude each other")
        }
        if let path = arguments[StandardOptions.database] {
            return try DatabaseSource(path, arguments, surroundings)
        }
        if arguments[StandardOptions.url] == nil {
            let contexts = ContextStore(home: try surroundings.homeFolder())
            let context = try contexts.context(named: arguments[StandardOptions.context])
            if case .database(let path)? = context?.source { return try DatabaseSource(path, arguments, surroundings) }
        }
        return ServiceSource(signed: try Asker(arguments, surroundings))
    }
}
