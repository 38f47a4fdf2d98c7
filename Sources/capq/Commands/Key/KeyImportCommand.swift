/// `capq key import`: keeps a key made elsewhere.
enum KeyImportCommand {
    static let file = Positional("FILE", "file that holds the secret, `-` for standard input", kind: .file)

    static let command = Command(
        "import",
        summary: "keep a key made elsewhere",
        discussion: """
            Reads a private JWK, such as the `key.json` of TinyCloud's command line, 64 hex digits, 43 characters of
            base64url, or a key file of capq. A secret is never taken from the command line, where other programs could
            read it.
            """,
        options: [KeyCommand.curve],
        positionals: [KeyCommand.name, file],
        examples: [
            Example("capq key import laptop ./laptop.jwk", "a private JWK"),
            Example("printf %s \"$HEX\" | capq key import wallet1 - --curve wallet", "an Ethereum key in hex"),
        ],
        exits: [.notFound],
        action: run
    )

    private static func run(_ arguments: Arguments, _ surroundings: Surroundings) throws(Failure) -> Answer {
        let name = try arguments.required(KeyCommand.name)
        let from = try arguments.required(file)
        let store = KeyStore(home: try surroundings.homeFolder())
        let bytes: [UInt8]
        if from.hasSameBytes(as: "-") {
            guard let input = surroundings.standardInput(PrivateFile.limit) else {
                throw Failure(.failure, "standard input cannot be read or is too long")
            }
            bytes = input
        } else {
            bytes = try SystemFile.read(from, limit: PrivateFile.limit)
        }
        let imported = try KeyImport.read(bytes, kind: KeyCommand.kind(arguments), path: from)
        let key = try SigningKey(imported)
        let path = try store.save(imported, as: name)
        var answer = KeyCommand.answer(key, name: name, path: path)
        if !from.hasSameBytes(as: "-"), SystemFile.isOpenToOthers(from) {
            answer.notes.append("`\(from)` can be read by others: remove it, or `chmod 600` it")
        }
        return answer
    }
}
