import CapClient
import Multiformats

/// `capq context`: names places to ask, so that no command line has to repeat them.
enum ContextCommand {
    static let name = Positional("NAME", "name of the context", kind: .context)
    static let space = Option("space", "ID", "space used by default")

    static let command = Command(
        "context",
        summary: "name services and database files, and choose one",
        subcommands: [set, use, list],
        examples: [
            Example("capq context set local --url http://127.0.0.1:8080", "name a service and use it from now on")
        ]
    )

    static let set = Command(
        "set",
        summary: "make or change a context",
        discussion: "The first context made becomes the current one. Members not named keep their value.",
        options: [space],
        positionals: [name],
        examples: [
            Example("capq context set local --url http://127.0.0.1:8080", "a service"),
            Example("capq context set archive --db ./graph.db", "a local database file"),
            Example("capq context set local --key alice", "sign with `alice` unless told otherwise"),
        ],
        action: runSet
    )

    static let use = Command(
        "use",
        summary: "make a context the current one",
        positionals: [name],
        examples: [
            Example(
                "capq context use archive", "ask `archive` from now on",
                setUp: "capq context set archive --db ./graph.db")
        ],
        exits: [.notFound],
        action: runUse
    )

    static let list = Command(
        "list",
        aliases: ["ls"],
        summary: "list contexts",
        examples: [
            Example("capq context list", "all contexts, the current one marked"),
            Example("capq context list --output jsonl", "one context a line"),
        ],
        action: runList
    )

    private static func runSet(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let name = try arguments.required(name)
        try EntryName.check(name, what: "context")
        let store = ContextStore(home: try process.homeFolder())
        var configuration = try store.load()
        let before = configuration[name]
        guard let source = try source(arguments) ?? before?.source else {
            throw .usage("context `\(name)` needs `--url` or `--db`")
        }
        let context = Context(
            name: name,
            source: source,
            key: arguments[StandardOptions.key] ?? before?.key,
            space: arguments[space] ?? before?.space
        )
        configuration.put(context)
        configuration.current = configuration.current ?? name
        try PrivateFile.makeFolder(store.folder(of: name))
        try store.save(configuration)
        var answer = answer(context, isCurrent: configuration.current?.hasSameBytes(as: name) ?? false)
        if case .service(let url) = source, let address = try? BaseURL(url), !address.isEncrypted, !address.isLoopback {
            answer.notes.append("`\(url)` is not encrypted: tokens can be read on the way, use https")
        }
        return answer
    }

    private static func runUse(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let store = ContextStore(home: try process.homeFolder())
        guard let context = try store.context(named: try arguments.required(name)) else {
            throw CommandError(.notFound, "no context")
        }
        var configuration = try store.load()
        configuration.current = context.name
        try store.save(configuration)
        return answer(context, isCurrent: true)
    }

    private static func runList(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let configuration = try ContextStore(home: try process.homeFolder()).load()
        let marked = configuration.contexts.map { context in
            (context, configuration.current?.hasSameBytes(as: context.name) ?? false)
        }
        let rows = marked.map { context, isCurrent in json(context, isCurrent: isCurrent) }
        let table = Table(
            columns: [.init(""), .init("NAME"), .init("ASKS", isFlexible: true), .init("KEY"), .init("SPACE")],
            rows: marked.map { context, isCurrent in
                [
                    Cell(isCurrent ? "*" : ""), Cell(context.name), Cell(context.place),
                    Cell(context.key ?? "-"), Cell(id: context.space ?? "-"),
                ]
            }
        )
        var answer = Answer(
            json: ["schema": "capq/contexts/1", "contexts": .array(rows)], rows: rows, blocks: [.table(table)])
        if rows.isEmpty { answer.notes = ["no contexts yet: `capq context set NAME --url URL` makes one"] }
        return answer
    }

    private static func source(_ arguments: Arguments) throws(CommandError) -> Context.Source? {
        switch (arguments[StandardOptions.url], arguments[StandardOptions.database]) {
        case (let url?, nil):
            .service(try CommandError.ofService { () throws(ClientError) in try BaseURL(url) }.description)
        case (nil, let file?): .database(file)
        case (nil, nil): nil
        case (_?, _?): throw .usage("`--url` and `--db` exclude each other")
        }
    }

    private static func json(_ context: Context, isCurrent: Bool) -> JSON {
        var object = context.jsonObject
        object["current"] = .bool(isCurrent)
        return .object(object)
    }

    private static func answer(_ context: Context, isCurrent: Bool) -> Answer {
        var object = JSONObject(schema: "capq/context/1")
        for member in context.jsonObject.members { object[member.key] = member.value }
        object["current"] = .bool(isCurrent)
        var fields = [("context", Cell(context.name)), ("asks", Cell(context.place))]
        if let key = context.key { fields.append(("key", Cell(key))) }
        if let space = context.space { fields.append(("space", Cell(id: space))) }
        fields.append(("current", Cell(isCurrent ? "yes" : "no")))
        return .fields(.object(object), fields)
    }
}

extension Context {
    /// Shows whom the context asks: a URL or a file.
    var place: String {
        switch source {
        case .service(let url): url
        case .database(let file): file
        }
    }
}
