import ATProto
import Multiformats

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

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
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
    ) throws(Failure) -> (rows: [JSON], cursor: String?) {
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
