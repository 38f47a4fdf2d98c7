import CapClient
import Multiformats
import UCAN

/// `capq ls`: lists the delegations of a space.
enum ListCommand {
    static let created = Flag("created", "only those the asker issued")
    static let received = Flag("received", "only those the asker received")
    static let all = Flag("all", "both, and those between others")
    static let account = Flag("account", "those of the whole account, in place of one space")
    static let allPages = Flag("all-pages", "follow the list to its end")
    static let status = Option(
        "status", "STATUS", "active|pending|expired|revoked, active by default",
        kind: .choice(["active", "pending", "expired", "revoked"]), repeats: true)
    static let action = Option("action", short: "a", "ABILITY", "only those with this ability", repeats: true)
    static let path = Option("path", short: "p", "PATH", "only those inside this path, as in notes/")
    static let of = Option("of", "WHO", "only those that concern a principal; of permissioned spaces", kind: .account)
    static let kind = Option(
        "kind", "KIND", "only membership, policy, invite, delegationToken, spaceCredential and so on", repeats: true)
    static let limit = Option("limit", short: "n", "COUNT", "rows a page, 100 by default", kind: .integer(1...1_000))
    static let cursor = Option("cursor", "CURSOR", "go on where an earlier page ended")

    static let command = Command(
        "ls",
        aliases: ["list"],
        summary: "list the delegations of a space",
        discussion: """
            Rows are in the order of the service, newest first. When a page is not the last, the next one's cursor is
            said on standard error and stands in the JSON answer; `--all-pages` follows it.
            """,
        flags: [created, received, all, account, allPages],
        options: [
            SigningOptions.space, path, action, status, of, kind, limit, cursor, SigningOptions.proof,
            AccountOptions.acting,
        ],
        examples: [
            Example("capq ls", "delegations of the session's space that hold", stage: .service),
            Example(
                "capq ls --created --path notes/ --action tinycloud.kv/get", "who may read my notes", stage: .service),
            Example("capq ls --status revoked --status expired --all-pages", "what has ended", stage: .service),
            Example("capq ls --account --created", "what the account gave away, in every space", stage: .service),
            Example("capq ls --output jsonl --all-pages", "one delegation a line, for a program", stage: .service),
            Example("capq ls --of bob", "all that lets bob into the forum, and what rests on it", stage: .accounts),
            Example("capq ls --output mermaid", "a drawing of who gave what to whom", stage: .service),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        guard [arguments[created], arguments[received], arguments[all]].filter({ $0 }).count <= 1 else {
            throw .usage("`--created`, `--received` and `--all` exclude each other")
        }
        let source = try SourceChoice.open(arguments, process)
        var question = ListQuestion()
        question.direction = arguments[created] ? .created : arguments[received] ? .received : .all
        question.path = arguments[path]
        question.abilities = arguments.all(action)
        question.statuses = arguments.all(status)
        question.limit = arguments.integer(limit) ?? question.limit
        question.cursor = arguments[cursor]
        question.isAboutAccount = arguments[account]
        question.principal = arguments[of]
        question.kinds = arguments.all(kind)
        guard source is SpaceSource || !question.isAboutPermissionedSpace else {
            throw .usage("`--of` and `--kind` are about permissioned spaces", hint: "`--space at://…` names one")
        }
        guard !question.isAboutAccount || (question.path == nil && question.abilities.isEmpty) else {
            throw .usage("`--account` takes neither `--path` nor `--action`", hint: "`--space ID` asks about one space")
        }
        guard !question.isAboutAccount || question.statuses.count <= 1 else {
            throw .usage("`--account` takes one `--status`")
        }
        var found: [ListedDelegation] = []
        var documents: [JSON] = []
        var last: DelegationPage
        repeat {
            last = try source.list(question)
            found += last.delegations
            documents += last.documents
            // A service that gives the same cursor again would keep us here for ever.
            guard last.cursor == nil || last.cursor != question.cursor else {
                throw CommandError(.failure, "the service gave the same cursor twice")
            }
            question.cursor = last.cursor
        } while arguments[allPages] && question.cursor != nil
        return answer(found, documents, last, source)
    }

    private static func answer(
        _ found: [ListedDelegation],
        _ documents: [JSON],
        _ last: DelegationPage,
        _ source: any AuthoritySource
    ) -> Answer {
        var object = JSONObject(schema: "capq/delegations/1")
        object["delegations"] = .array(documents)
        object["complete"] = .bool(last.isComplete)
        object["cursor"] = last.cursor.map { .string($0) } ?? .null
        object["revision"] = last.revision.map { .number(JSONNumber($0)) } ?? .null
        var answer = Answer(
            json: .object(object),
            rows: documents,
            blocks: [.table(DelegationTable.of(found, space: source.space, now: source.now))],
            delegations: found
        )
        if let cursor = last.cursor {
            answer.notes.append("more follow: `--cursor \(cursor)`, or `--all-pages`")
        } else if !last.isComplete {
            answer.notes.append("the service did not list everything")
        }
        return answer
    }
}
