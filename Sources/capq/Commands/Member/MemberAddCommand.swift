import ATProto
import Multiformats

/// `capq member add`: admits somebody to a space, or changes what a member may do.
enum MemberAddCommand {
    static let manage = Flag("manage", "let the member change settings, members and invites as well")

    static let command = Command(
        "add",
        summary: "admit somebody to a space",
        discussion: "A member who is there already gets the level named now.",
        flags: [manage],
        options: [MemberCommand.access, AccountOptions.space, AccountOptions.acting],
        positionals: [MemberCommand.who],
        examples: [
            Example("capq member add bob", "let bob read and write", stage: .accounts),
            Example("capq member add \"$BOB\" --access read", "let bob read only", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let space = try SpaceChoice.of(arguments, acting)
        let did = try acting.principal(try arguments.required(MemberCommand.who))
        let level = arguments[MemberCommand.access] ?? "write"
        var input = JSONObject()
        input["space"] = .string(space.text)
        input["did"] = .string(did)
        input["access"] = .string(level)
        if arguments[manage] { input["manage"] = true }
        if SpaceChoice.isSpace(did) { input["isDelegation"] = true }
        _ = try acting.procedure("com.atproto.simplespace.addMember", input)
        var object = JSONObject(schema: "capq/member/1")
        object["space"] = .string(space.text)
        object["did"] = .string(did)
        object["access"] = .string(level)
        return .fields(
            .object(object), [("member", Cell(did)), ("access", Cell(level)), ("space", Cell(space.text))])
    }
}
