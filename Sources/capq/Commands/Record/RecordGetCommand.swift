import ATProto
import Multiformats

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

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
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
            throw Failure(.deny, "the service's answer is not the record that its own CID names")
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
