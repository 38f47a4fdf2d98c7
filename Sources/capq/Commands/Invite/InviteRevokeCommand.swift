import ATProto
import Multiformats

/// `capq invite revoke`: ends an invite; who joined by it stays.
enum InviteRevokeCommand {
    static let command = Command(
        "revoke",
        summary: "end an invite; who joined by it stays a member",
        options: [AccountOptions.space, AccountOptions.acting],
        positionals: [InviteCommand.id],
        examples: [
            Example(
                "capq invite revoke \"$INVITE\"", "nobody joins by it any more", stage: .accounts)
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let space = try SpaceChoice.of(arguments, acting)
        let id = try arguments.required(InviteCommand.id)
        var input = JSONObject()
        input["space"] = .string(space.text)
        input["inviteId"] = .string(id)
        _ = try acting.procedure("dev.happyview.space.revokeInvite", input)
        var object = JSONObject(schema: "capq/revocation/1")
        object["space"] = .string(space.text)
        object["invite"] = .string(id)
        object["revoked"] = true
        return .fields(.object(object), [("revoked", Cell(id)), ("space", Cell(space.text))])
    }
}
