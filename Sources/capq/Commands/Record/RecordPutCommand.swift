import ATProto
import Multiformats

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

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let typed = try arguments.required(target)
        var input = JSONObject()
        let collection: String
        let rkey: String?
        if SpaceChoice.isSpace(typed) {
            let uri = try RecordName.find(typed, arguments, acting)
            guard uri.author.hasSameBytes(as: acting.did) else {
                throw Failure(.notAuthorized, "`\(uri.author)` writes that record, not `\(acting.account.handle)`")
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
            try arguments.required(RecordInput.value), collection: collection, surroundings)
        guard rkey != nil || arguments[RecordCommand.swap] == nil else {
            throw .usage("`--swap` needs a record key", hint: "COLLECTION/RKEY")
        }
        try RecordCommand.addSwap(arguments, to: &input)
        let nsid = rkey == nil ? "com.atproto.space.createRecord" : "com.atproto.space.putRecord"
        let made = try acting.procedure(nsid, input)
        guard let uri = try? RecordURI(made["uri"]?.string ?? ""), let cid = made["cid"]?.string else {
            throw Failure(.failure, "the service names no record in its answer")
        }
        var object = JSONObject(schema: "capq/written/1")
        object["uri"] = .string(uri.text)
        object["cid"] = .string(cid)
        object["rkey"] = .string(uri.rkey)
        return .fields(.object(object), [("record", Cell(uri.path)), ("cid", Cell(cid)), ("uri", Cell(uri.text))])
    }
}
