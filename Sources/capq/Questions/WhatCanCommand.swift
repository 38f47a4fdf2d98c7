import Multiformats
import UCAN

/// `capq what-can`: lists everything a principal may do.
enum WhatCanCommand {
    static let ability = Option("action", short: "a", "ABILITY", "only what gives this ability")
    static let withPublic = Flag("public", "take in what everybody may in the space")
    static let maximal = Flag("maximal", "leave out what a wider row gives as well")

    static let command = Command(
        "what-can",
        summary: "list everything a principal may do, and by what",
        discussion: """
            Spaces of its own come first, then what it holds and is live, newest first, then what comes through spaces it
            belongs to. About others a service answers who may read the space, and of that space alone.
            """,
        flags: [withPublic, maximal, AccountOptions.allPages],
        options: [SigningOptions.space, ability] + QuestionPages.options,
        positionals: [CheckCommand.principal],
        examples: [
            Example("capq what-can me", "what the session may do", stage: .service),
            Example("capq what-can \"$BOB\" --maximal", "what Bob may do in the space", stage: .service),
            Example("capq what-can bob", "what bob may do in the forum", stage: .accounts),
        ],
        exits: [.undetermined, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let source = try SourceChoice.open(arguments, process)
        let keys = KeyStore(home: try process.homeFolder())
        let principal = try source.principal(try arguments.required(CheckCommand.principal), keys: keys)
        var question = AuthorityQuestion(
            .whatCan(
                principal: principal, ability: arguments[ability], withPublic: arguments[withPublic],
                isMaximal: arguments[maximal]))
        question.space = arguments[SigningOptions.space]
        if let text = arguments[SigningOptions.at] { question.at = try Timestamp.typed(text) }
        let json = try QuestionPages.ask(question, source, PageChoice(arguments))
        let rows = json["rows"]?.array ?? []
        let space = question.space ?? source.space
        let table = Table(
            columns: [.init("CAN"), .init("ON", isFlexible: true), .init("BY", isFlexible: true), .init("UNTIL")],
            rows: rows.map { row in
                let resource = row["resource"]?.string ?? "-"
                let unmet = row["unmet"]?.string.map { " (\($0))" } ?? ""
                return [
                    row["ability"]?.string.map { Cell($0 + unmet, brief: ShortWords.ability($0) + unmet) }
                        ?? Cell("everything"),
                    Cell(resource, brief: ShortID.of(ShortWords.resource(resource, in: space))), ShortWords.route(row),
                    ShortWords.until(row, source.now),
                ]
            })
        var answer = Answer(exit: QuestionPages.exit(json), json: json, rows: rows, blocks: [.table(table)])
        answer.notes = QuestionPages.notes(json, "row")
        return answer
    }
}

/// `capq path`: shows the ways by which authority came from one principal to another.
enum PathCommand {
    static let giver = Positional("FROM", "who gave: DID, `@NAME`, a handle, or `me`")
    static let holder = Positional("TO", "who holds: DID, `@NAME`, a handle, or `me`")
    static let all = Flag("all", "up to 32 ways, in place of the shortest")

    static let command = Command(
        "path",
        summary: "show by which way authority came from one to another",
        discussion: """
            Each way is a line of live delegations, from the one that FROM issued to the one that TO received; each rests on
            the one before. The exit code is 3 where there is none.
            """,
        flags: [all],
        options: [SigningOptions.space, SigningOptions.at, AccountOptions.acting],
        positionals: [giver, holder],
        examples: [
            Example("capq path me \"$BOB\"", "how Bob came to what he holds from the session", stage: .service),
            Example("capq path alice bob", "how bob came to what he may in the forum", stage: .accounts),
        ],
        exits: [.deny, .undetermined, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let source = try SourceChoice.open(arguments, process)
        let keys = KeyStore(home: try process.homeFolder())
        var question = AuthorityQuestion(
            .path(
                from: try source.principal(try arguments.required(giver), keys: keys),
                to: try source.principal(try arguments.required(holder), keys: keys), all: arguments[all]))
        question.space = arguments[SigningOptions.space]
        if let text = arguments[SigningOptions.at] { question.at = try Timestamp.typed(text) }
        let json = try source.ask(question)
        let paths = json["paths"]?.array ?? []
        var edges: [[UInt8]: JSON] = [:]
        for edge in json["edges"]?.array ?? [] { edges[Array((edge["cid"]?.string ?? "").utf8)] = edge }
        let rows = paths.enumerated().flatMap { place, path in
            (path.array ?? []).map { step in
                let cid = step.string ?? "-"
                let edge = edges[Array(cid.utf8)]
                return [
                    Cell(String(place + 1)), Cell(id: cid), Cell(edge?["kind"]?.string ?? "-"),
                    Cell(principal: edge?["issuer"]?.string ?? "-"), Cell(principal: edge?["audience"]?.string ?? "-"),
                ]
            }
        }
        let table = Table(
            columns: [
                .init("WAY"), .init("CID"), .init("KIND"), .init("FROM", isFlexible: true),
                .init("TO", isFlexible: true),
            ], rows: rows)
        let exit: ExitCode = json["capped"] != nil ? .undetermined : paths.isEmpty ? .deny : .ok
        var answer = Answer(exit: exit, json: json, rows: paths, blocks: [.table(table)])
        if paths.isEmpty { answer.notes.append("no live way leads there") }
        if json["complete"] == false { answer.notes.append("there are, or may be, more ways than these") }
        return answer
    }
}
