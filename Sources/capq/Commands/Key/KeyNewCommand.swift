/// `capq key new`: makes a key.
enum KeyNewCommand {
    static let command = Command(
        "new",
        summary: "make a key",
        options: [KeyCommand.curve],
        positionals: [KeyCommand.name],
        examples: [
            Example("capq key new alice", "an Ed25519 key"),
            Example("capq key new phone --curve p256", "a P-256 key"),
            Example("capq key new owner --curve wallet", "the key of an Ethereum account, for trying things out"),
        ],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let name = try arguments.required(KeyCommand.name)
        let store = KeyStore(home: try surroundings.homeFolder())
        let (file, key) = try SigningKey.make(KeyCommand.kind(arguments), random: surroundings.randomBytes)
        let path = try store.save(file, as: name)
        return KeyCommand.answer(key, name: name, path: path)
    }
}
