import ATProto
import Multiformats

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

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
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
