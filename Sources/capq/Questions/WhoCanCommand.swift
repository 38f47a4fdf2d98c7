import Multiformats
import UCAN

/// `capq who-can`: lists everybody who may use an ability on a resource.
enum WhoCanCommand {
    static let kinds = ["account", "key", "app", "space", "session", "invite", "credential", "everyone"]
    static let kind = Option(
        "kind", "KIND", kinds.joined(separator: "|"), kind: .choice(kinds), repeats: true)

    static let command = Command(
        "who-can",
        summary: "list everybody who may do something, and by what",
        discussion: """
            The owner comes first, then those who hold a delegation or membership, then members of spaces that are members.
            Everybody in the list is one for whom `capq check` says allow. What everybody may is one row, `anyone`, and whom
            that alone lets is not listed.
            """,
        flags: [AccountOptions.allPages],
        options: [SigningOptions.space, kind, CheckCommand.given] + QuestionPages.options,
        positionals: [CheckCommand.ability, CheckCommand.resource],
        examples: [
            Example("capq who-can tinycloud.kv/get kv/notes/today", "who may read this note", stage: .service),
            Example(
                "capq who-can tinycloud.kv/put kv/notes/ --kind key --output jsonl", "which keys may write notes",
                stage: .service),
            Example("capq who-can write space", "who may write in the forum", stage: .accounts),
        ],
        exits: [.undetermined, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let typed = try arguments.required(CheckCommand.resource)
        let source = try SourceChoice.open(arguments, process, about: typed)
        var question = AuthorityQuestion(
            .whoCan(
                ability: try arguments.required(CheckCommand.ability), resource: try source.resource(typed),
                kinds: arguments.all(kind)))
        question.context = try CheckCommand.context(arguments)
        if let text = arguments[SigningOptions.at] { question.at = try Timestamp.typed(text) }
        let json = try QuestionPages.ask(question, source, PageChoice(arguments))
        let rows = json["rows"]?.array ?? []
        let table = Table(
            columns: [.init("WHO", isFlexible: true), .init("KIND"), .init("BY", isFlexible: true), .init("UNTIL")],
            rows: rows.map { row in
                [
                    Cell(principal: row["principal"]?.string ?? "-"), Cell(row["kind"]?.string ?? "-"),
                    ShortWords.route(row), ShortWords.until(row, source.now),
                ]
            })
        var answer = Answer(exit: QuestionPages.exit(json), json: json, rows: rows, blocks: [.table(table)])
        answer.notes = QuestionPages.notes(json, "principal")
        if json["everyone"] == true { answer.notes.append("everybody else may as well") }
        return answer
    }
}
