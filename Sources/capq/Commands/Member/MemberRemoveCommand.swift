import ATProto
import Multiformats

/// `capq member rm`: ends somebody's membership, and all that rests on it.
enum MemberRemoveCommand {
    static let command = Command(
        "rm",
        summary: "end a membership and all that rests on it",
        discussion: "When this returns, no token, credential or open stream of the member reads any more.",
        options: [AccountOptions.space, AccountOptions.acting],
        positionals: [MemberCommand.who],
        examples: [Example("capq member rm bob", "bob is out", stage: .accounts)],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let space = try SpaceChoice.of(arguments, acting)
        let did = try acting.principal(try arguments.required(MemberCommand.who))
        var input = JSONObject()
        input["space"] = .string(space.text)
        input["did"] = .string(did)
        _ = try acting.procedure("com.atproto.simplespace.removeMember", input)
        var object = JSONObject(schema: "capq/removal/1")
        object["space"] = .string(space.text)
        object["did"] = .string(did)
        object["removed"] = true
        return .fields(.object(object), [("removed", Cell(did)), ("space", Cell(space.text))])
    }
}
