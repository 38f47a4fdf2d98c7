import ATProto

/// `capq space show`: shows the settings of a space.
enum SpaceShowCommand {
    static let command = Command(
        "show",
        summary: "show a space",
        flags: [AccountOptions.use],
        options: [AccountOptions.acting],
        positionals: [SpaceChoice.optional],
        examples: [
            Example("capq space show", "the default space", stage: .accounts),
            Example(
                "capq space show com.example.forum/home --use", "an own one, from now on the default", stage: .accounts),
        ],
        exits: [.notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let acting = try ActingAccount(arguments, surroundings)
        let space = try SpaceChoice.of(arguments[SpaceChoice.optional], acting)
        let answer = try SpaceCommand.show(space, acting)
        try SpaceCommand.use(space, arguments, acting)
        return answer
    }
}
