/// `capq invite`: lets people join a space who are not known yet.
enum InviteCommand {
    static let id = Positional("ID", "invite to end, as `capq invite ls` names it")

    static let command = Command(
        "invite",
        summary: "let people join a space who are not known yet",
        discussion: "The token of an invite is shown once, when it is made; the service keeps only its hash.",
        subcommands: [
            InviteCreateCommand.command, InviteAcceptCommand.command, InviteListCommand.command,
            InviteRevokeCommand.command,
        ],
        examples: [Example("capq invite create --uses 3 --for 7d", "a token for three people", stage: .accounts)]
    )
}
