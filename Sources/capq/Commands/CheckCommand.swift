import CapClient
import Multiformats
import UCAN

/// `capq check`: asks the gate whether a principal may use an ability on a resource.
enum CheckCommand {
    static let principal = Positional("PRINCIPAL", "DID, `@NAME` for a key kept here, a handle, or `me`")
    static let ability = Positional(
        "ABILITY", "as in tinycloud.kv/get; of permissioned spaces also read, write, manage")
    static let resource = Positional(
        "RESOURCE", "whole resource; service and path in the space; `space` or AUTHOR/COLLECTION in a permissioned one")
    static let given = Option("given", "JSON", "what caveats are judged by: {\"caveats\":[…],\"statement\":{…}}")
    static let explain = Flag("explain", "print the walk that led to the decision")

    static let command = Command(
        "check",
        summary: "ask whether a principal may do something, and why",
        discussion: """
            Prints the decision, its first cause and the chain that decided it. The exit code is 0 for allow, 3 for
            deny and 4 for undetermined, so a script can branch on it.
            """,
        flags: [explain],
        options: [SigningOptions.space, given, SigningOptions.at, AccountOptions.acting],
        positionals: [principal, ability, resource],
        examples: [
            Example("capq check \"$BOB\" tinycloud.kv/get kv/notes/today", "may Bob read this note", stage: .service),
            Example(
                "capq check \"$BOB\" tinycloud.kv/del kv/notes/today --explain", "why may he not delete it",
                exit: .deny, stage: .service),
            Example("capq check me tinycloud.kv/put kv/notes/today", "may the session write it", stage: .service),
            Example("capq check bob write space --explain", "why may bob write in the forum", stage: .accounts),
        ],
        exits: [.deny, .undetermined, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        CheckAnswer.answer(try decide(arguments, process, explained: arguments[explain]).decision)
    }

    /// Puts the question that was typed to whom the arguments name; gives the decision and the source it came from.
    static func decide(
        _ arguments: Arguments, _ process: ProcessEnvironment, explained: Bool
    ) throws(CommandError) -> (decision: AuthorizeAnswer, question: DecisionQuestion, source: any AuthoritySource) {
        let typed = try arguments.required(resource)
        let source = try SourceChoice.open(arguments, process, about: typed)
        let keys = KeyStore(home: try process.homeFolder())
        var question = DecisionQuestion(
            principal: try source.principal(try arguments.required(principal), keys: keys),
            ability: try arguments.required(ability),
            resource: try source.resource(typed)
        )
        question.context = try context(arguments)
        if let text = arguments[SigningOptions.at] { question.at = try Timestamp.typed(text) }
        question.wantsExplanation = explained
        return (try source.check(question), question, source)
    }

    /// Reads `--given`; nil where nothing is.
    static func context(_ arguments: Arguments) throws(CommandError) -> JSON? {
        guard let text = arguments[given] else { return nil }
        guard let json = try? JSON.parse(Array(text.utf8)), json.object != nil else {
            throw .usage("`--given` is not a JSON object")
        }
        return json
    }
}
