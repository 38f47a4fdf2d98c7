import ATProto
import Multiformats

/// `capq member`: says who belongs to a space.
enum MemberCommand {
    static let who = Positional(
        "WHO", "handle or DID; or the URI of a space, whose members then count in this one", kind: .account)
    static let levels = ["read", "write", "read_self", "write_only"]
    static let access = Option(
        "access", "LEVEL", "\(levels.joined(separator: "|")), write by default", kind: .choice(levels))

    static let command = Command(
        "member",
        summary: "say who belongs to a space",
        discussion: """
            Levels: `read` all records, `write` own records and read all, `read_self` own records only, `write_only` write
            and read nothing of others. Removing a member ends tokens, credentials and open streams at once.
            """,
        subcommands: [MemberAddCommand.command, MemberRemoveCommand.command, MemberListCommand.command],
        examples: [Example("capq member ls", "who belongs to the default space", stage: .accounts)]
    )
}

/// `capq member add`: admits somebody to a space, or changes what a member may do.
enum MemberAddCommand {
    static let manage = Flag("manage", "let the member change settings, members and invites as well")

    static let command = Command(
        "add",
        summary: "admit somebody to a space",
        discussion: "A member who is there already gets the level named now.",
        flags: [manage],
        options: [MemberCommand.access, AccountOptions.space, AccountOptions.acting],
        positionals: [MemberCommand.who],
        examples: [
            Example("capq member add bob", "let bob read and write", stage: .accounts),
            Example("capq member add \"$BOB\" --access read", "let bob read only", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments, acting)
        let did = try acting.principal(try arguments.required(MemberCommand.who))
        let level = arguments[MemberCommand.access] ?? "write"
        var input = JSONObject()
        input["space"] = .string(space.text)
        input["did"] = .string(did)
        input["access"] = .string(level)
        if arguments[manage] { input["manage"] = true }
        if SpaceChoice.isSpace(did) { input["isDelegation"] = true }
        _ = try acting.procedure("com.atproto.simplespace.addMember", input)
        var object = JSONObject(schema: "capq/member/1")
        object["space"] = .string(space.text)
        object["did"] = .string(did)
        object["access"] = .string(level)
        return .fields(
            .object(object), [("member", Cell(did)), ("access", Cell(level)), ("space", Cell(space.text))])
    }
}

/// `capq member ls`: lists who belongs to a space.
enum MemberListCommand {
    static let direct = Flag("direct", "the rows as they were made, spaces among them, in place of whom they admit")

    static let command = Command(
        "ls",
        aliases: ["list"],
        summary: "list who belongs to a space",
        flags: [direct, AccountOptions.allPages],
        options: [AccountOptions.space, AccountOptions.limit, AccountOptions.cursor, AccountOptions.acting],
        examples: [
            Example("capq member ls", "everybody, also through member spaces", stage: .accounts),
            Example("capq member ls --direct --output jsonl", "one row a line, for a program", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments, acting)
        var asked = [(name: "space", value: space.text)]
        if arguments[direct] { asked.append(("direct", "true")) }
        let (rows, cursor) = try acting.list(
            "com.atproto.simplespace.listMembers", asked, member: "members", PageChoice(arguments))
        let table = Table(
            columns: [.init("MEMBER", isFlexible: true), .init("ACCESS"), .init("MANAGES")],
            rows: rows.map { row in
                [
                    Cell(principal: row["did"]?.string ?? "-"), Cell(row["access"]?.string ?? "-"),
                    Cell(row["manage"]?.bool ?? false ? "yes" : "-"),
                ]
            })
        return ListAnswerForm.answer("members", rows, table, cursor)
    }
}

/// `capq member rm`: ends somebody's membership, and all that rests on it.
enum MemberRemoveCommand {
    static let command = Command(
        "rm",
        summary: "end a membership and all that rests on it",
        discussion: """
            When this returns, no token, credential or open stream of the member reads any more, and no invite made
            before lets the member in again. Invites that others can still use are named.
            """,
        options: [AccountOptions.space, AccountOptions.acting],
        positionals: [MemberCommand.who],
        examples: [Example("capq member rm bob", "bob is out", stage: .accounts)],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments, acting)
        let did = try acting.principal(try arguments.required(MemberCommand.who))
        var input = JSONObject()
        input["space"] = .string(space.text)
        input["did"] = .string(did)
        let answer = try acting.procedure("com.atproto.simplespace.removeMember", input)
        var object = JSONObject(schema: "capq/removal/1")
        object["space"] = .string(space.text)
        object["did"] = .string(did)
        object["removed"] = true
        var fields = [("removed", Cell(did)), ("space", Cell(space.text))]
        if let invites = answer["openInvites"]?.array?.compactMap(\.string), !invites.isEmpty {
            object["openInvites"] = .array(invites.map { .string($0) })
            fields.append(("open invites", Cell(invites.joined(separator: " "))))
        }
        return .fields(.object(object), fields)
    }
}
