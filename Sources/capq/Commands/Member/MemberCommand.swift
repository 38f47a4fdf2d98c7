/// `capq member`: says who belongs to a space.
enum MemberCommand {
    static let who = Positional(
        "WHO", "handle or DID; or the URI of a space, whose members then count in this one", kind: .account)
    static let levels = ["read", "write", "read_self", "write_only"]
    static let access = Option(
        "access", "LEVEL", "\(levels.joined(separator: "|")), write by default", kind: .choice(levels))

    static let command = Command(
        "member",
        summary: "say who belongs to a space",
        discussion: """
            Levels: `read` all records, `write` own records and read all, `read_self` own records only, `write_only` write
            and read nothing of others. Removing a member ends tokens, credentials and open streams at once.
            """,
        subcommands: [MemberAddCommand.command, MemberRemoveCommand.command, MemberListCommand.command],
        examples: [Example("capq member ls", "who belongs to the default space", stage: .accounts)]
    )
}
