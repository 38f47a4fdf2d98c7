import ATProto
import Multiformats

/// `capq space config`: shows or changes the settings of a space.
enum SpaceConfigCommand {
    static let command = Command(
        "config",
        summary: "change the settings of a space",
        discussion: "What is not named stays as it is. Without any option the space is shown.",
        flags: [PolicyText.anyApp],
        options: PolicyText.options + [AccountOptions.acting],
        positionals: [SpaceChoice.optional],
        examples: [
            Example(
                "capq space config --name 'Home' --read-policy public", "rename it and let everybody read",
                stage: .accounts),
            Example(
                "capq space config com.example.forum/home --app https://app.example/client.json",
                "let one application in and no other", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let space = try SpaceChoice.of(arguments[SpaceChoice.optional], acting)
        var input = try PolicyText.members(arguments)
        if !input.isEmpty {
            input["space"] = .string(space.text)
            _ = try acting.procedure("com.atproto.simplespace.updateSpace", input)
        }
        return try SpaceCommand.show(space, acting)
    }
}
