import ATProto
import Multiformats

/// `capq space`: makes, shows, changes and removes permissioned spaces.
enum SpaceCommand {
    static let command = Command(
        "space",
        summary: "make, show, change and remove permissioned spaces",
        discussion: """
            A space is named by its URI, at://DID/space/TYPE/SKEY; TYPE/SKEY names one below the own DID. With `--use` it
            becomes the default of the context, for the commands that take `--space`.
            """,
        subcommands: [
            SpaceCreateCommand.command, SpaceShowCommand.command, SpaceConfigCommand.command,
            SpaceRemoveCommand.command, SpaceListCommand.command,
        ],
        examples: [Example("capq space ls", "the spaces you own, belong to or write in", stage: .accounts)]
    )

    /// Asks for a space and shows all the service says of it.
    static func show(_ space: SpaceURI, _ acting: ActingAccount) throws(CommandError) -> Answer {
        let wide = try acting.query("com.atproto.space.getSpace", [("space", space.text)])
        let inner = wide["space"] ?? wide
        var object = JSONObject(schema: "capq/space/1")
        for member in wide.object?.members ?? [] { object[member.key] = member.value }
        object["uri"] = .string(space.text)
        var fields = [("space", Cell(space.text))]
        func add(_ title: String, _ text: String?) {
            if let text { fields.append((title, Cell(text))) }
        }
        add("name", inner["displayName"]?.string)
        add("description", inner["description"]?.string)
        add("owner", inner["ownerDid"]?.string ?? inner["creatorDid"]?.string)
        add("read", PolicyText.words(inner["readPolicy"] ?? wide["readPolicy"]))
        add("write", PolicyText.words(inner["writePolicy"] ?? wide["writePolicy"]))
        add("apps", PolicyText.words(apps: inner["appAccess"] ?? wide["appAccess"]))
        add("revision", inner["revision"]?.string)
        add("made", inner["createdAt"]?.string)
        return .fields(.object(object), fields)
    }

    /// Makes the space the default of the context when `--use` asks for it.
    static func use(_ space: SpaceURI, _ arguments: Arguments, _ acting: ActingAccount) throws(CommandError) {
        if arguments[AccountOptions.use] { try acting.service.setDefault(space.text) }
    }
}

/// `capq space config`: shows or changes the settings of a space.
enum SpaceConfigCommand {
    static let command = Command(
        "config",
        summary: "change the settings of a space",
        discussion: "What is not named stays as it is. Without any option the space is shown.",
        flags: [PolicyText.anyApp],
        options: PolicyText.options + [AccountOptions.acting],
        positionals: [SpaceChoice.optional],
        examples: [
            Example(
                "capq space config --name 'Home' --read-policy public", "rename it and let everybody read",
                stage: .accounts),
            Example(
                "capq space config com.example.forum/home --app https://app.example/client.json",
                "let one application in and no other", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments[SpaceChoice.optional], acting)
        var input = try PolicyText.members(arguments)
        if !input.isEmpty {
            input["space"] = .string(space.text)
            _ = try acting.procedure("com.atproto.simplespace.updateSpace", input)
        }
        return try SpaceCommand.show(space, acting)
    }
}

/// `capq space create`: makes a space whose authority is the account.
enum SpaceCreateCommand {
    static let type = Positional("TYPE", "what kind of space, an NSID as in com.example.forum")
    static let skey = Option("skey", "KEY", "its key below the type; a new one by default")

    static let command = Command(
        "create",
        summary: "make a space",
        discussion: """
            The account is authority and owner of the space. Only its members read and write it unless a policy says
            otherwise, and any application may act for them.
            """,
        flags: [PolicyText.anyApp, AccountOptions.use],
        options: [skey, AccountOptions.acting] + PolicyText.options,
        positionals: [type],
        examples: [
            Example(
                "capq space create com.example.forum --skey tea --name 'Tea room' --use",
                "a private forum, from now on the default", stage: .accounts),
            Example(
                "capq space create com.example.wall --read-policy public", "a space everybody may read",
                stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let type = try arguments.required(type)
        var input = JSONObject()
        input["spaceType"] = .string(
            try CommandError.ofProtocol(.usage) { () throws(ATProtoError) in try NSID(type) }.text)
        if let skey = arguments[skey] { input["skey"] = .string(skey) }
        for member in try PolicyText.members(arguments).members { input[member.key] = member.value }
        let members: JSON = ["$type": "com.atproto.simplespace.defs#memberListPolicy"]
        input["readPolicy"] = input["readPolicy"] ?? members
        input["writePolicy"] = input["writePolicy"] ?? members
        input["appAccess"] = input["appAccess"] ?? ["$type": "com.atproto.simplespace.defs#open"]
        let made = try acting.procedure("com.atproto.simplespace.createSpace", input)
        guard let uri = try? SpaceURI(made["uri"]?.string ?? "") else {
            throw CommandError(.failure, "the service names no space in its answer")
        }
        try SpaceCommand.use(uri, arguments, acting)
        return try SpaceCommand.show(uri, acting)
    }
}

/// `capq space ls`: lists the spaces an account has to do with.
enum SpaceListCommand {
    static let type = Option("type", "TYPE", "only spaces of this type")

    static let command = Command(
        "ls",
        aliases: ["list"],
        summary: "list the spaces you own, belong to or write in",
        flags: [AccountOptions.allPages],
        options: [type, AccountOptions.limit, AccountOptions.cursor, AccountOptions.acting],
        examples: [
            Example("capq space ls", "all of them", stage: .accounts),
            Example("capq space ls --type com.example.forum --as bob", "bob's forums", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        var page = PageChoice(arguments)
        // The method gives at most a hundred a page.
        page.limit = page.limit.map { min($0, 100) }
        let filter = arguments[type].map { [(name: "spaceType", value: $0)] } ?? []
        let (rows, cursor) = try acting.list("com.atproto.space.listSpaces", filter, member: "spaces", page)
        let chosen = acting.service.context.space
        let table = Table(
            columns: [.init(""), .init("SPACE", isFlexible: true), .init("OWNER")],
            rows: rows.map { row in
                let uri = row["uri"]?.string ?? row["space"]?.string ?? "-"
                let isChosen = chosen.map { $0.hasSameBytes(as: uri) } ?? false
                return [Cell(isChosen ? "*" : ""), Cell(uri), Cell(row["isOwner"]?.bool ?? false ? "you" : "-")]
            })
        return ListAnswerForm.answer("spaces", rows, table, cursor)
    }
}

/// `capq space rm`: deletes a space.
enum SpaceRemoveCommand {
    static let purge = Flag("purge", "delete what others wrote as well, where it lies here")

    static let command = Command(
        "rm",
        summary: "delete a space",
        discussion: """
            Cannot be undone. Settings, members, invites, credentials and the owner's own records are gone; what others
            wrote stays readable for its author alone, unless `--purge` is given. The space is always named.
            """,
        flags: [purge],
        options: [AccountOptions.acting],
        positionals: [SpaceChoice.typed],
        examples: [
            Example(
                "capq space rm com.example.forum/old", "delete an own space",
                stage: .accounts, setUp: "capq space create com.example.forum --skey old")
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(try arguments.required(SpaceChoice.typed), acting)
        var input = JSONObject()
        input["space"] = .string(space.text)
        if arguments[purge] { input["purgeMemberData"] = true }
        _ = try acting.procedure("com.atproto.simplespace.deleteSpace", input)
        var object = JSONObject(schema: "capq/deletion/1")
        object["uri"] = .string(space.text)
        object["deleted"] = true
        return .fields(.object(object), [("deleted", Cell(space.text))])
    }
}

/// `capq space show`: shows the settings of a space.
enum SpaceShowCommand {
    static let command = Command(
        "show",
        summary: "show a space",
        flags: [AccountOptions.use],
        options: [AccountOptions.acting],
        positionals: [SpaceChoice.optional],
        examples: [
            Example("capq space show", "the default space", stage: .accounts),
            Example(
                "capq space show com.example.forum/home --use", "an own one, from now on the default", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments[SpaceChoice.optional], acting)
        let answer = try SpaceCommand.show(space, acting)
        try SpaceCommand.use(space, arguments, acting)
        return answer
    }
}
