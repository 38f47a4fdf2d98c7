import ATProto
import Multiformats
import UCAN

/// `capq invite`: lets people join a space who are not known yet.
enum InviteCommand {
    static let id = Positional("ID", "invite to end, as `capq invite ls` names it")

    static let command = Command(
        "invite",
        summary: "let people join a space who are not known yet",
        discussion: "The token of an invite is shown once, when it is made; the service keeps only its hash.",
        subcommands: [
            InviteCreateCommand.command, InviteAcceptCommand.command, InviteListCommand.command,
            InviteRevokeCommand.command,
        ],
        examples: [Example("capq invite create --uses 3 --for 7d", "a token for three people", stage: .accounts)]
    )
}

/// `capq invite accept`: joins a space by the token of an invite.
enum InviteAcceptCommand {
    static let file = Positional("FILE", "file with the token, `-` for standard input", kind: .file)
    /// Longest input read for a token: a file that `invite create` printed.
    private static let limit = 65_536

    static let command = Command(
        "accept",
        summary: "join a space by the token of an invite",
        discussion: """
            The token is read from a file or standard input, alone or in the JSON that `capq invite create` printed; never
            from the command line, where other programs could read it.
            """,
        flags: [AccountOptions.use],
        options: [AccountOptions.acting],
        positionals: [file],
        examples: [
            Example(
                "capq invite accept ./invite.json --as bob --use", "join with what alice sent", stage: .accounts,
                setUp: "capq member rm bob && capq invite create --output json > invite.json")
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let bytes = try FileInput.read(try arguments.required(file), process, limit: limit)
        let token = try token(in: bytes)
        var input = JSONObject()
        input["token"] = .string(token)
        let joined = try acting.procedure("dev.happyview.space.acceptInvite", input)
        let uri = joined["uri"]?.string ?? "-"
        if arguments[AccountOptions.use], SpaceChoice.isSpace(uri) { try acting.service.setDefault(uri) }
        var object = JSONObject(schema: "capq/acceptance/1")
        for member in joined.object?.members ?? [] { object[member.key] = member.value }
        return .fields(
            .object(object), [("joined", Cell(uri)), ("access", Cell(joined["access"]?.string ?? "-"))])
    }

    /// Finds the token: the first line, or the member `token` of a JSON object.
    static func token(in bytes: [UInt8]) throws(CommandError) -> String {
        if let token = (try? JSON.parse(bytes))?["token"]?.string { return token }
        let line = KeyImport.trimmed(bytes)
        guard !line.isEmpty, line.count <= 512, line.allSatisfy({ (0x21...0x7e).contains($0) }) else {
            throw .usage("there is no token to read", hint: "the token alone, or what `capq invite create` printed")
        }
        return String(decoding: line, as: UTF8.self)
    }
}

/// `capq invite create`: makes an invite and shows its token once.
enum InviteCreateCommand {
    static let uses = Option(
        "uses", "COUNT", "how many people it lets in; any number by default", kind: .integer(1...1_000_000))

    static let command = Command(
        "create",
        summary: "make an invite",
        discussion: "Whoever has the token may join: pass it on as you would a password.",
        options: [MemberCommand.access, uses, SigningOptions.lasting, AccountOptions.space, AccountOptions.acting],
        examples: [
            Example("capq invite create --uses 3 --for 7d", "a token for three people", stage: .accounts),
            Example(
                "capq invite create --access read --output json > invite.json", "for readers, kept in a file",
                stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments, acting)
        var input = JSONObject()
        input["space"] = .string(space.text)
        input["access"] = .string(arguments[MemberCommand.access] ?? "write")
        if let count = arguments.integer(uses) { input["maxUses"] = .number(JSONNumber(count)) }
        if let seconds = arguments.seconds(SigningOptions.lasting) {
            input["expiresAt"] = .string(acting.now.wholeSeconds.adding(seconds: seconds).rfc3339)
        }
        let made = try acting.procedure("dev.happyview.space.createInvite", input)
        guard let token = made["token"]?.string, let id = made["inviteId"]?.string ?? made["id"]?.string else {
            throw CommandError(.failure, "the service gave no invite")
        }
        var object = JSONObject(schema: "capq/invite/1")
        object["space"] = .string(space.text)
        for member in made.object?.members ?? [] { object[member.key] = member.value }
        var answer = Answer.fields(
            .object(object),
            [
                ("invite", Cell(id)), ("token", Cell(token, brief: token)),
                ("access", Cell(made["access"]?.string ?? "-")),
                ("uses", Cell(made["maxUses"]?.number?.text ?? "any number")),
                ("until", Cell(made["expiresAt"]?.string ?? "-")), ("space", Cell(space.text)),
            ])
        answer.notes = ["the token is not shown again: `capq invite accept` takes it"]
        return answer
    }
}

/// `capq invite ls`: lists the invites of a space.
enum InviteListCommand {
    static let command = Command(
        "ls",
        aliases: ["list"],
        summary: "list the invites of a space",
        options: [AccountOptions.space, AccountOptions.acting],
        examples: [
            Example("capq invite ls", "all of them, used up and ended ones too", stage: .accounts)
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments, acting)
        let (rows, cursor) = try acting.list(
            "dev.happyview.space.listInvites", [("space", space.text)], member: "invites", .whole)
        let table = Table(
            columns: [.init("ID"), .init("STATUS"), .init("ACCESS"), .init("USES"), .init("UNTIL")],
            rows: rows.map { row in
                let until = row["expiresAt"]?.string
                let time = until.flatMap { try? Timestamp.parse($0) }
                let uses = row["uses"]?.number?.text ?? "0"
                return [
                    Cell(row["id"]?.string ?? "-"), Cell(status: status(row, acting.now)),
                    Cell(row["access"]?.string ?? "-"),
                    Cell(row["maxUses"]?.number.map { "\(uses) of \($0.text)" } ?? uses),
                    Cell(until ?? "-", brief: time.map { $0.distance(from: acting.now) }),
                ]
            })
        return ListAnswerForm.answer("invites", rows, table, cursor)
    }

    /// Says whether an invite still lets anybody in.
    static func status(_ row: JSON, _ now: Timestamp) -> String {
        if row["revoked"]?.bool ?? false { return "revoked" }
        if let most = row["maxUses"]?.number?.int64, let uses = row["uses"]?.number?.int64, uses >= most {
            return "used up"
        }
        if let text = row["expiresAt"]?.string, let end = try? Timestamp.parse(text), end <= now { return "expired" }
        return "active"
    }
}

/// `capq invite revoke`: ends an invite; who joined by it stays.
enum InviteRevokeCommand {
    static let command = Command(
        "revoke",
        summary: "end an invite; who joined by it stays a member",
        options: [AccountOptions.space, AccountOptions.acting],
        positionals: [InviteCommand.id],
        examples: [
            Example(
                "capq invite revoke \"$INVITE\"", "nobody joins by it any more", stage: .accounts)
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments, acting)
        let id = try arguments.required(InviteCommand.id)
        var input = JSONObject()
        input["space"] = .string(space.text)
        input["inviteId"] = .string(id)
        _ = try acting.procedure("dev.happyview.space.revokeInvite", input)
        var object = JSONObject(schema: "capq/revocation/1")
        object["space"] = .string(space.text)
        object["invite"] = .string(id)
        object["revoked"] = true
        return .fields(.object(object), [("revoked", Cell(id)), ("space", Cell(space.text))])
    }
}
