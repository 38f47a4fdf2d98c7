import ATProto
import Multiformats

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

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let uri = try RecordName.find(try arguments.required(RecordName.record), arguments, acting)
        guard uri.author.hasSameBytes(as: acting.did) else {
            throw Failure(.notAuthorized, "`\(uri.author)` wrote that record: only its author deletes it")
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
