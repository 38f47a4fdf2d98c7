/// `capq credential`: takes credentials that let a program read a space.
enum CredentialCommand {
    static let command = Command(
        "credential",
        summary: "take credentials that let a program read a space",
        subcommands: [CredentialGetCommand.command],
        examples: [
            Example(
                "capq credential get --to ./reader.json", "ten minutes of reading the default space", stage: .accounts)
        ]
    )
}
