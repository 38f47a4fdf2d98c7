import ATProto
import Multiformats

/// `capq record`: writes and reads records of a space.
enum RecordCommand {
    static let swap = Option(
        "swap", "CID", "only if this is the record's CID now; `none` if there must be no record yet")

    static let command = Command(
        "record",
        summary: "write and read records of a space",
        discussion: """
            A record is named COLLECTION/RKEY: yours unless `--author` names somebody else, in the default space unless
            `--space` names another; or by its whole URI.
            """,
        subcommands: [
            RecordPutCommand.command, RecordGetCommand.command, RecordListCommand.command, RecordRemoveCommand.command,
        ],
        examples: [
            Example("capq record ls com.example.forum.post", "your posts in the default space", stage: .accounts)
        ]
    )

    /// Adds what `--swap` says; null asserts that nothing is there.
    static func addSwap(_ arguments: Arguments, to input: inout JSONObject) throws(CommandError) {
        guard let text = arguments[swap] else { return }
        if text.hasSameBytes(as: "none") {
            input["swapRecord"] = .null
        } else {
            input["swapRecord"] = .string(
                try CommandError.ofProtocol(.usage) { () throws(ATProtoError) in try CID(atproto: text) }.text)
        }
    }
}

/// `capq record get`: reads one record and checks its CID.
enum RecordGetCommand {
    static let bare = Flag("value", "print the value alone, as JSON")

    static let command = Command(
        "get",
        summary: "read a record",
        discussion: "The value is checked against its CID: what a service made up is refused.",
        flags: [bare],
        options: [RecordName.author, AccountOptions.space, AccountOptions.acting],
        positionals: [RecordName.record],
        examples: [
            Example("capq record get com.example.forum.post/first", "an own record", stage: .accounts),
            Example(
                "capq record get com.example.forum.post/first --author alice --as bob --value",
                "the value of what alice wrote", stage: .accounts),
        ],
        exits: [.deny, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let uri = try RecordName.find(try arguments.required(RecordName.record), arguments, acting)
        let found = try acting.query(
            "com.atproto.space.getRecord",
            [
                ("space", uri.space.text), ("repo", uri.author), ("collection", uri.collection), ("rkey", uri.rkey),
            ])
        guard let value = found["value"], let name = found["cid"]?.string,
            let record = try? PreparedRecord(json: value, collection: uri.collection),
            record.cid.text.hasSameBytes(as: name)
        else {
            throw CommandError(.deny, "the service's answer is not the record that its own CID names")
        }
        guard !arguments[bare] else { return Answer(text: JSONPrinter.indented(value) + "\n") }
        var object = JSONObject(schema: "capq/record/1")
        object["uri"] = .string(uri.text)
        object["cid"] = .string(name)
        object["value"] = value
        return .fields(
            .object(object),
            [
                ("record", Cell(uri.path)), ("author", Cell(uri.author)), ("cid", Cell(name)),
                ("value", Cell(JSONPrinter.line(value))),
            ])
    }
}

/// `capq record ls`: lists records of one author, or of everybody who writes in a space.
enum RecordListCommand {
    static let collection = Positional("COLLECTION", "only records of this collection", isRequired: false)
    static let everyone = Flag("everyone", "of all who write in the space, in place of one author")

    static let command = Command(
        "ls",
        aliases: ["list"],
        summary: "list records",
        flags: [everyone, AccountOptions.allPages],
        options: [
            RecordName.author, AccountOptions.space, AccountOptions.limit, AccountOptions.cursor,
            AccountOptions.acting,
        ],
        positionals: [collection],
        examples: [
            Example("capq record ls com.example.forum.post", "your posts", stage: .accounts),
            Example(
                "capq record ls --author alice --as bob --output jsonl", "all alice wrote, one a line", stage: .accounts
            ),
            Example("capq record ls --everyone", "what everybody wrote", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments, acting)
        var rows: [JSON] = []
        var cursor: String?
        if arguments[everyone] {
            guard arguments[RecordName.author] == nil, arguments[AccountOptions.cursor] == nil else {
                throw .usage("`--everyone` takes neither `--author` nor `--cursor`")
            }
            let repos = try acting.list(
                "com.atproto.space.listRepos", [("space", space.text)], member: "repos", .whole)
            for author in repos.rows.compactMap({ $0["did"]?.string }) {
                rows += try list(author, space, .whole, arguments, acting).rows
            }
        } else {
            let author = try RecordName.author(arguments, acting)
            (rows, cursor) = try list(author, space, PageChoice(arguments), arguments, acting)
        }
        let table = Table(
            columns: [
                .init("AUTHOR", isFlexible: true), .init("RECORD", isFlexible: true), .init("CID"),
                .init("VALUE", isFlexible: true),
            ],
            rows: rows.map { row in
                var value = row["value"]?.object
                // The collection says it already.
                if value?["$type"] == row["collection"] { value?["$type"] = nil }
                let path = "\(row["collection"]?.string ?? "-")/\(row["rkey"]?.string ?? "-")"
                return [
                    Cell(principal: row["author"]?.string ?? "-"), Cell(path), Cell(id: row["cid"]?.string ?? "-"),
                    Cell((value.map { .object($0) } ?? row["value"]).map { JSONPrinter.line($0) } ?? "-"),
                ]
            })
        return ListAnswerForm.answer("records", rows, table, cursor)
    }

    /// Lists one author's records, each with its author.
    private static func list(
        _ author: String, _ space: SpaceURI, _ page: PageChoice, _ arguments: Arguments, _ acting: ActingAccount
    ) throws(CommandError) -> (rows: [JSON], cursor: String?) {
        var asked = [(name: "space", value: space.text), (name: "repo", value: author)]
        if let collection = arguments[collection] { asked.append(("collection", collection)) }
        let found = try acting.list("com.atproto.space.listRecords", asked, member: "records", page)
        let rows = found.rows.map { row -> JSON in
            var object = JSONObject()
            object["author"] = .string(author)
            for member in row.object?.members ?? [] { object[member.key] = member.value }
            return .object(object)
        }
        return (rows, found.cursor)
    }
}

/// `capq record put`: writes a record into the account's own repo.
enum RecordPutCommand {
    static let target = Positional("TARGET", "COLLECTION for a new record, COLLECTION/RKEY, or a whole at:// URI")

    static let command = Command(
        "put",
        summary: "write a record",
        discussion: """
            Without a record key a new record is made; with one the record is made or replaced. A missing `$type` is
            filled in. `--swap` makes sure that nobody wrote in between.
            """,
        options: [RecordCommand.swap, AccountOptions.space, AccountOptions.acting],
        positionals: [target, RecordInput.value],
        examples: [
            Example(
                "capq record put com.example.forum.post '{\"text\":\"hello\"}'", "a new post", stage: .accounts),
            Example(
                "echo '{\"text\":\"welcome\"}' | capq record put com.example.forum.post/welcome -",
                "a post of this name, from standard input", stage: .accounts),
            Example(
                "capq record put com.example.forum.post/rules ./post.json --swap none", "only if it is new",
                stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let typed = try arguments.required(target)
        var input = JSONObject()
        let collection: String
        let rkey: String?
        if SpaceChoice.isSpace(typed) {
            let uri = try RecordName.find(typed, arguments, acting)
            guard uri.author.hasSameBytes(as: acting.did) else {
                throw CommandError(.notAuthorized, "`\(uri.author)` writes that record, not `\(acting.account.handle)`")
            }
            input["space"] = .string(uri.space.text)
            (collection, rkey) = (uri.collection, uri.rkey)
        } else {
            input["space"] = .string(try SpaceChoice.of(arguments, acting).text)
            (collection, rkey) = try RecordName.parts(typed)
        }
        input["repo"] = .string(acting.did)
        input["collection"] = .string(collection)
        input["rkey"] = rkey.map { .string($0) }
        input["record"] = try RecordInput.read(
            try arguments.required(RecordInput.value), collection: collection, process)
        guard rkey != nil || arguments[RecordCommand.swap] == nil else {
            throw .usage("`--swap` needs a record key", hint: "COLLECTION/RKEY")
        }
        try RecordCommand.addSwap(arguments, to: &input)
        let nsid = rkey == nil ? "com.atproto.space.createRecord" : "com.atproto.space.putRecord"
        let made = try acting.procedure(nsid, input)
        guard let uri = try? RecordURI(made["uri"]?.string ?? ""), let cid = made["cid"]?.string else {
            throw CommandError(.failure, "the service names no record in its answer")
        }
        var object = JSONObject(schema: "capq/written/1")
        object["uri"] = .string(uri.text)
        object["cid"] = .string(cid)
        object["rkey"] = .string(uri.rkey)
        return .fields(.object(object), [("record", Cell(uri.path)), ("cid", Cell(cid)), ("uri", Cell(uri.text))])
    }
}

/// `capq record rm`: deletes an own record.
enum RecordRemoveCommand {
    static let command = Command(
        "rm",
        summary: "delete an own record",
        discussion: "Deleting what is not there succeeds, unless `--swap` names what should be.",
        options: [RecordCommand.swap, AccountOptions.space, AccountOptions.acting],
        positionals: [RecordName.record],
        examples: [
            Example("capq record rm com.example.forum.post/first", "take a post back", stage: .accounts)
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let acting = try ActingAccount(arguments, process)
        let uri = try RecordName.find(try arguments.required(RecordName.record), arguments, acting)
        guard uri.author.hasSameBytes(as: acting.did) else {
            throw CommandError(.notAuthorized, "`\(uri.author)` wrote that record: only its author deletes it")
        }
        guard arguments[RecordCommand.swap].map({ !$0.hasSameBytes(as: "none") }) ?? true else {
            throw .usage("`--swap none` deletes nothing")
        }
        var input = JSONObject()
        input["space"] = .string(uri.space.text)
        input["repo"] = .string(uri.author)
        input["collection"] = .string(uri.collection)
        input["rkey"] = .string(uri.rkey)
        try RecordCommand.addSwap(arguments, to: &input)
        _ = try acting.procedure("com.atproto.space.deleteRecord", input)
        var object = JSONObject(schema: "capq/deletion/1")
        object["uri"] = .string(uri.text)
        object["deleted"] = true
        return .fields(.object(object), [("deleted", Cell(uri.path)), ("uri", Cell(uri.text))])
    }
}
