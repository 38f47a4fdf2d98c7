import Multiformats

/// Lists every command of capq.
enum CommandTable {
    static let root = Command(
        "capq",
        summary: "ask and change who may do what",
        discussion: """
            Asks a service, or a local database file, about delegations: who gave which ability on what to whom,
            whether it still holds, and why. Answers go to standard output, everything else to standard error.
            """,
        flags: StandardOptions.flags,
        options: StandardOptions.options,
        subcommands: [
            KeyCommand.command,
            LoginCommand.command,
            HostCommand.command,
            DelegateCommand.command,
            RevokeCommand.command,
            ListCommand.command,
            ChainCommand.command,
            CheckCommand.command,
            ExplainCommand.command,
            WhoCanCommand.command,
            WhatCanCommand.command,
            PathCommand.command,
            WhatIfCommand.command,
            BlastCommand.command,
            StatusCommand.command,
            VerifyCommand.command,
            DecodeCommand.command,
            AccountCommand.command,
            SpaceCommand.command,
            MemberCommand.command,
            InviteCommand.command,
            RecordCommand.command,
            BlobCommand.command,
            CredentialCommand.command,
            SyncCommand.command,
            ContextCommand.command,
            CompletionCommand.command,
            VersionCommand.command,
        ],
        examples: [
            Example("capq context set local --url http://127.0.0.1:8080", "name a service and use it from now on"),
            Example("capq key new alice", "make a key"),
            Example("capq help", "this page"),
        ]
    )
}

/// `capq version`: names the version of this program.
enum VersionCommand {
    static let version = "0.1.0"

    static let command = Command(
        "version",
        summary: "print the version of capq",
        examples: [Example("capq version", "the version of this program")],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        .fields(["schema": "capq/version/1", "version": .string(version)], [("capq", Cell(version))])
    }
}
