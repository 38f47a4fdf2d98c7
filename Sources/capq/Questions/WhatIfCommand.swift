import CapabilityGraph
import Multiformats
import UCAN

/// `capq whatif`: says what would follow from a change, without making it.
enum WhatIfCommand {
    static let edge = Option("revoke", "CID", "suppose that this delegation or edge ended", repeats: true)
    static let principal = Option(
        "principal", "WHO", "suppose that all that this principal received ended", repeats: true)
    static let member = Option("member", "WHO", "suppose that this member of the space were removed", repeats: true)
    static let app = Option(
        "app", "CLIENT", "suppose that this application were taken off the space (not simulated yet)", repeats: true)
    static let session = Option("session", "ID", "suppose that this session were signed out", repeats: true)
    static let invite = Option("invite", "ID", "suppose that this invite were revoked", repeats: true)
    static let compromised = Option(
        "key-compromised", "WHO", "suppose that all that this key issued or received ended", repeats: true)

    static let command = Command(
        "whatif",
        summary: "say what would follow from a change, and change nothing",
        discussion: """
            What ends, who loses what, what is left to them inside it, who keeps it by another way, and what dies with it.
            Changes may be combined by repeating options. A service answers who may read the authority graph of the space,
            and of that space alone; whoever issued or received an edge and is no reader cannot ask yet. The exit code is
            4 where a bound cut the answer short.
            """,
        flags: [AccountOptions.allPages],
        options: [edge, principal, member, app, session, invite, compromised, SigningOptions.space]
            + QuestionPages.options,
        examples: [
            Example("capq whatif --revoke \"$CID\"", "what would end with a delegation", stage: .service),
            Example("capq whatif --principal \"$BOB\"", "what would follow if Bob were let go", stage: .service),
            Example(
                "capq whatif --member bob", "what would follow if bob were no member of the forum", stage: .accounts),
        ],
        exits: [.undetermined, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    static func revoke(_ cid: CID) -> JSON { ["revoke": .string(cid.text)] }

    static func compromised(_ principal: DID) -> JSON { ["compromised": .string(principal.text)] }

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let source = try SourceChoice.open(arguments, process)
        let keys = KeyStore(home: try process.homeFolder())
        var changes: [JSON] = []
        for text in arguments.all(edge) { changes.append(revoke(try CIDText.parse(text))) }
        for text in arguments.all(principal) { changes.append(received(try source.principal(text, keys: keys).text)) }
        for (option, kind) in [(member, "membership"), (app, "appAccess")] {
            for text in arguments.all(option) {
                guard let space = source.space else {
                    throw .usage("`--\(option.name)` needs a space", hint: "`--space ID`")
                }
                let who = option.name == app.name ? text : try source.principal(text, keys: keys).text
                changes.append(received(who, kind: kind, space: space))
            }
        }
        for text in arguments.all(session) {
            changes.append(received(try named { () throws(GraphError) in try DID(session: text) }.text))
        }
        for text in arguments.all(invite) {
            changes.append(received(try named { () throws(GraphError) in try DID(invite: text) }.text))
        }
        for text in arguments.all(compromised) {
            changes.append(compromised(try source.principal(text, keys: keys)))
        }
        guard !changes.isEmpty else {
            throw .usage("nothing is supposed", hint: "`--revoke CID`, `--principal WHO`, `--member WHO`, …")
        }
        return try answer(changes, source, arguments)
    }

    /// Makes a principal of an id as typed; one that makes none is a mistake on the command line.
    private static func named(_ principal: () throws(GraphError) -> DID) throws(CommandError) -> DID {
        do throws(GraphError) {
            return try principal()
        } catch {
            throw .usage(error.message)
        }
    }

    private static func received(_ principal: String, kind: String? = nil, space: String? = nil) -> JSON {
        var object = JSONObject()
        object["received"] = .string(principal)
        if let kind { object["kind"] = .string(kind) }
        if let space { object["space"] = .string(space) }
        return .object(object)
    }

    /// Asks with `--space`, `--at` and the choice of pages.
    static func answer(
        _ changes: [JSON], _ source: any AuthoritySource, _ arguments: Arguments
    ) throws(CommandError) -> Answer {
        let at = try arguments[SigningOptions.at].map { text throws(CommandError) in try Timestamp.typed(text) }
        return try answer(changes, source, arguments[SigningOptions.space], PageChoice(arguments), at: at)
    }

    static func answer(
        _ changes: [JSON], _ source: any AuthoritySource, _ space: String?, _ page: PageChoice, at: Timestamp? = nil
    ) throws(CommandError) -> Answer {
        var question = AuthorityQuestion(.whatIf(changes: changes))
        question.space = space
        question.at = at
        let json = try QuestionPages.ask(question, source, page, lists: WhatIfScreen.lists, sumsHidden: false)
        guard json["unknown"]?.array?.count != changes.count else {
            throw CommandError(
                .notFound, "nothing that is live and yours to see would end",
                hint: "`capq ls` lists what there is; what ended before ends no more")
        }
        let screen = WhatIfScreen(json: json, changes: changes, space: question.space ?? source.space)
        var answer = Answer(
            exit: QuestionPages.exit(json), json: json, blocks: [.table(Table(fields: screen.fields))])
        answer.notes = screen.notes
        return answer
    }
}

/// `capq blast`: says how far a key reaches that somebody else may hold.
enum BlastCommand {
    static let who = Positional("WHO", CheckCommand.principal.summary)

    static let command = Command(
        "blast",
        summary: "say how far a key reaches, and what its end would break",
        discussion: """
            The same as `capq whatif --key-compromised WHO`: what its holder could do until then, whom it could cut off, what
            nothing here can end, and what follows when all that it issued or received ends. What the host states in the
            name of an authority is no work of its key.
            """,
        flags: [AccountOptions.allPages],
        options: [SigningOptions.space] + QuestionPages.options,
        positionals: [who],
        examples: [Example("capq blast \"$BOB\"", "how far Bob's key reaches", stage: .service)],
        exits: [.undetermined, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let keys = KeyStore(home: try process.homeFolder())
        let source = try SourceChoice.open(arguments, process)
        let key = try source.principal(try arguments.required(who), keys: keys)
        return try WhatIfCommand.answer([WhatIfCommand.compromised(key)], source, arguments)
    }
}
