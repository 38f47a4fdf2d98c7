import Multiformats
import UCAN

/// `capq key`: makes and keeps the keys statements are signed with.
enum KeyCommand {
    static let name = Positional("NAME", "name of the key, or path of its file", kind: .key)
    static let curve = Option(
        "curve",
        "CURVE",
        "\(KeyKind.allCases.map(\.rawValue).joined(separator: "|")), ed25519 by default",
        kind: .choice(KeyKind.allCases.map(\.rawValue))
    )

    static let command = Command(
        "key",
        summary: "make, show and import keys",
        discussion: """
            Keys are files of mode 0600 in $CAPQ_HOME/keys (~/.config/capq/keys). A secret is never printed.
            A key of curve `wallet` signs as an Ethereum account; sessions use the other curves.
            """,
        subcommands: [KeyNewCommand.command, KeyShowCommand.command, KeyImportCommand.command, KeyListCommand.command],
        examples: [Example("capq key new alice", "make a key called alice")]
    )

    static func kind(_ arguments: Arguments) -> KeyKind {
        arguments[curve].flatMap { KeyKind(rawValue: $0) } ?? .ed25519
    }

    /// Describes a key without its secret.
    static func answer(_ key: SigningKey, name: String, path: String) -> Answer {
        var object = JSONObject(schema: "capq/key-info/1")
        object["name"] = .string(name)
        object["did"] = .string(key.did.text)
        object["curve"] = .string(key.kind.rawValue)
        object["path"] = .string(path)
        object["secret"] = .string(Secret.redacted)
        if key.wallet == nil { object["publicJwk"] = key.key.publicKey.jwk }
        var fields = [
            ("key", Cell(name)), ("did", Cell(key.did.text)), ("curve", Cell(key.kind.rawValue)), ("file", Cell(path)),
            ("secret", Cell(Secret.redacted, tone: .faint)),
        ]
        if let wallet = key.wallet {
            object["address"] = .string(wallet.address.description)
            fields.insert(("address", Cell(wallet.address.description)), at: 2)
        }
        return .fields(.object(object), fields)
    }
}

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

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let name = try arguments.required(KeyCommand.name)
        let from = try arguments.required(file)
        let store = KeyStore(home: try process.homeFolder())
        let bytes: [UInt8]
        if from.hasSameBytes(as: "-") {
            guard let input = process.standardInput(PrivateFile.limit) else {
                throw CommandError(.failure, "standard input cannot be read or is too long")
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

/// `capq key list`: lists the keys of the key folder.
enum KeyListCommand {
    static let command = Command(
        "list",
        aliases: ["ls"],
        summary: "list keys",
        examples: [Example("capq key list", "every key with its DID")],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let store = KeyStore(home: try process.homeFolder())
        var rows: [JSON] = []
        var cells: [[Cell]] = []
        var notes: [String] = []
        for name in store.names() {
            do throws(CommandError) {
                let key = try SigningKey(store.load(name))
                rows.append([
                    "name": .string(name), "did": .string(key.did.text), "curve": .string(key.kind.rawValue),
                ])
                cells.append([Cell(name), Cell(key.kind.rawValue), Cell(id: key.did.text)])
            } catch {
                notes.append(error.message)
            }
        }
        let table = Table(columns: [.init("NAME"), .init("CURVE"), .init("DID", isFlexible: true)], rows: cells)
        if rows.isEmpty { notes.append("no keys yet: `capq key new NAME` makes one") }
        return Answer(
            json: ["schema": "capq/keys/1", "keys": .array(rows)], rows: rows, blocks: [.table(table)], notes: notes)
    }
}

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

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let name = try arguments.required(KeyCommand.name)
        let store = KeyStore(home: try process.homeFolder())
        let (file, key) = try SigningKey.make(KeyCommand.kind(arguments), random: process.randomBytes)
        let path = try store.save(file, as: name)
        return KeyCommand.answer(key, name: name, path: path)
    }
}

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

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let name = try arguments.required(KeyCommand.name)
        let store = KeyStore(home: try process.homeFolder())
        return KeyCommand.answer(try SigningKey(store.load(name)), name: name, path: try store.path(of: name))
    }
}
