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
