import ATProto
import Multiformats
import UCAN

/// `capq invite create`: makes an invite and shows its token once.
enum InviteCreateCommand {
    static let uses = Option(
        "uses", "COUNT", "how many people it lets in; any number by default", kind: .integer(1...1_000_000))

    static let command = Command(
        "create",
        summary: "make an invite",
        discussion: "Whoever has the token may join: pass it on as you would a password.",
        options: [MemberCommand.access, uses, SigningOptions.lasting, AccountOptions.space, AccountOptions.acting],
        examples: [
            Example("capq invite create --uses 3 --for 7d", "a token for three people", stage: .accounts),
            Example(
                "capq invite create --access read --output json > invite.json", "for readers, kept in a file",
                stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let space = try SpaceChoice.of(arguments, acting)
        var input = JSONObject()
        input["space"] = .string(space.text)
        input["access"] = .string(arguments[MemberCommand.access] ?? "write")
        if let count = arguments.integer(uses) { input["maxUses"] = .number(JSONNumber(count)) }
        if let seconds = arguments.seconds(SigningOptions.lasting) {
            input["expiresAt"] = .string(acting.now.wholeSeconds.adding(seconds: seconds).rfc3339)
        }
        let made = try acting.procedure("dev.happyview.space.createInvite", input)
        guard let token = made["token"]?.string, let id = made["inviteId"]?.string ?? made["id"]?.string else {
            throw Failure(.failure, "the service gave no invite")
        }
        var object = JSONObject(schema: "capq/invite/1")
        object["space"] = .string(space.text)
        for member in made.object?.members ?? [] { object[member.key] = member.value }
        var answer = Answer.fields(
            .object(object),
            [
                ("invite", Cell(id)), ("token", Cell(token, brief: token)),
                ("access", Cell(made["access"]?.string ?? "-")),
                ("uses", Cell(made["maxUses"]?.number?.text ?? "any number")),
                ("until", Cell(made["expiresAt"]?.string ?? "-")), ("space", Cell(space.text)),
            ])
        answer.notes = ["the token is not shown again: `capq invite accept` takes it"]
        return answer
    }
}
