import CapClient
import Multiformats

/// `capq account`: makes accounts at a service and logs in to them.
enum AccountCommand {
    static let handle = Positional(
        "HANDLE", "name of the account, as in alice.example; the service's first domain may be left out")

    static let command = Command(
        "account",
        summary: "make accounts at a service and log in to them",
        discussion: """
            Sessions are files of mode 0600 in the folder of the context, one an account. The account made or logged in
            to last is the current one; `--as HANDLE` acts as another. Tokens are never printed, and renewed by
            themselves.
            """,
        subcommands: [
            AccountCreateCommand.command, AccountLoginCommand.command, AccountLogoutCommand.command,
            AccountListCommand.command,
        ],
        examples: [Example("capq account ls", "who is logged in", stage: .accounts)]
    )

    /// Keeps a new session and describes it without its tokens.
    static func keep(_ session: AccountSession, _ service: AccountService) throws(CommandError) -> Answer {
        try service.store.save(session)
        try service.store.setCurrent(session.handle)
        return answer(session)
    }

    static func answer(_ session: AccountSession) -> Answer {
        var object = JSONObject(schema: "capq/account/1")
        object["handle"] = .string(session.handle)
        object["did"] = .string(session.did)
        object["url"] = .string(session.url)
        return .fields(
            .object(object),
            [("account", Cell(session.handle)), ("did", Cell(session.did)), ("at", Cell(session.url))])
    }
}

/// `capq account create`: makes an account and logs in to it.
enum AccountCreateCommand {
    static let command = Command(
        "create",
        summary: "make an account and log in to it",
        discussion: "The service must let anybody register: `capservice serve --registration open`.",
        options: [PasswordInput.file],
        positionals: [AccountCommand.handle],
        examples: [
            Example(
                "echo correct-horse | capq account create carol --password-file -",
                "an account under the service's own domain", stage: .accounts),
            Example(
                "capq account create dave --password-file ./password.txt", "the password from a file",
                stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let service = try AccountService(arguments, process)
        let handle = try service.handle(try arguments.required(AccountCommand.handle))
        let (password, notes) = try PasswordInput.read(arguments, process, isNew: true)
        var input = JSONObject()
        input["handle"] = .string(handle)
        input["password"] = .string(password)
        let session = try CommandError.ofXRPC { () throws(ClientError) in
            try AccountSession(
                service.client.json(.procedure("com.atproto.server.createAccount", .object(input))),
                at: service.client.baseURL.description)
        }
        var answer = try AccountCommand.keep(session, service)
        answer.notes += notes
        return answer
    }
}

/// `capq account ls`: lists the accounts that are logged in.
enum AccountListCommand {
    static let command = Command(
        "ls",
        aliases: ["list"],
        summary: "list the accounts that are logged in",
        examples: [Example("capq account ls", "all of the context, the current one marked", stage: .accounts)],
        exits: [.notFound],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let store = try AccountService(arguments, process).store
        let current = try store.current()
        var rows: [JSON] = []
        var cells: [[Cell]] = []
        var notes: [String] = []
        for handle in store.handles() {
            do throws(CommandError) {
                guard let session = try store.load(handle) else { continue }
                let isCurrent = current.map { $0.hasSameBytes(as: handle) } ?? false
                rows.append([
                    "handle": .string(handle), "did": .string(session.did), "url": .string(session.url),
                    "current": .bool(isCurrent),
                ])
                cells.append([Cell(isCurrent ? "*" : ""), Cell(handle), Cell(id: session.did), Cell(session.url)])
            } catch {
                notes.append(error.message)
            }
        }
        let table = Table(
            columns: [.init(""), .init("HANDLE"), .init("DID", isFlexible: true), .init("AT", isFlexible: true)],
            rows: cells)
        if rows.isEmpty { notes.append("nobody is logged in: `capq account login HANDLE`") }
        return Answer(
            json: ["schema": "capq/accounts/1", "accounts": .array(rows)], rows: rows, blocks: [.table(table)],
            notes: notes)
    }
}

/// `capq account login`: opens a session on an account.
enum AccountLoginCommand {
    static let command = Command(
        "login",
        summary: "log in to an account",
        discussion: """
            A main password gives a session that may do all its account may; an app password gives one that has no
            rights on spaces unless the service grants them.
            """,
        options: [PasswordInput.file],
        positionals: [AccountCommand.handle],
        examples: [
            Example(
                "capq account login alice --password-file ./password.txt", "act as alice from now on", stage: .accounts)
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let service = try AccountService(arguments, process)
        let identifier = try service.handle(try arguments.required(AccountCommand.handle))
        let (password, notes) = try PasswordInput.read(arguments, process, isNew: false)
        var input = JSONObject()
        input["identifier"] = .string(identifier)
        input["password"] = .string(password)
        let session = try CommandError.ofXRPC { () throws(ClientError) in
            try AccountSession(
                service.client.json(.procedure("com.atproto.server.createSession", .object(input))),
                at: service.client.baseURL.description)
        }
        var answer = try AccountCommand.keep(session, service)
        answer.notes += notes
        return answer
    }
}

/// `capq account logout`: ends a session at the service and forgets its tokens.
enum AccountLogoutCommand {
    static let handle = Positional("HANDLE", "account, the current one by default", kind: .account, isRequired: false)

    static let command = Command(
        "logout",
        summary: "end a session and forget its tokens",
        discussion: "The file is removed even when the service cannot be asked to end the session.",
        positionals: [handle],
        examples: [Example("capq account logout bob", "end bob's session", stage: .accounts)],
        exits: [.notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let service = try AccountService(arguments, process)
        let name: String?
        if let typed = arguments[handle] { name = typed } else { name = try service.store.current() }
        guard let name, let session = try service.store.find(name) else {
            throw CommandError(.notAuthorized, "`\(name ?? "nobody")` is not logged in")
        }
        var notes: [String] = []
        do throws(ClientError) {
            // The session is ended where it was opened; nothing is sent anywhere else.
            _ = try XRPCClient(baseURL: session.url).json(
                XRPCRequest.procedure("com.atproto.server.deleteSession").bearing(session.tokens.refresh))
        } catch {
            notes.append("the service could not be told: \(error.message)")
        }
        try service.store.remove(session.handle)
        var answer = AccountCommand.answer(session)
        answer.notes = notes
        return answer
    }
}
