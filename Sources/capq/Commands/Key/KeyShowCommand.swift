/// `capq key show`: describes a key without its secret.
enum KeyShowCommand {
    static let command = Command(
        "show",
        summary: "show the DID of a key, never its secret",
        positionals: [KeyCommand.name],
        examples: [
            Example("capq key show alice", "its DID, curve and file", setUp: "capq key new alice"),
            Example("capq key show alice --output json", "the same with the public JWK"),
        ],
        exits: [.notFound],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let name = try arguments.required(KeyCommand.name)
        let store = KeyStore(home: try surroundings.homeFolder())
        return KeyCommand.answer(try SigningKey(store.load(name)), name: name, path: try store.path(of: name))
    }
}
