import ATProto
import Multiformats
import UCAN

/// Holds a space credential and the key it is bound to: whoever has the file may read the space until it expires.
struct CredentialFile: Sendable, Equatable {
    static let schema = "capq/credential/1"

    /// Space URI in its canonical form.
    let space: String
    /// Where the space is hosted.
    let host: String
    let credential: String
    /// Unix seconds.
    let expiresAt: Int64
    /// Private P-256 key of the proofs.
    let secret: Secret

    init(space: String, host: String, credential: String, expiresAt: Int64, secret: Secret) {
        self.space = space
        self.host = host
        self.credential = credential
        self.expiresAt = expiresAt
        self.secret = secret
    }

    /// Reads the file strictly; `path` is for the message.
    init(_ bytes: [UInt8], path: String) throws(CommandError) {
        func refuse(_ why: String) -> CommandError {
            CommandError(.failure, "`\(path)` is not a credential: \(why)", hint: "`capq credential get` writes one")
        }
        let json = try JSON.stored(bytes, schema: Self.schema, refuse)
        guard let space = json["space"]?.string, let host = json["host"]?.string,
            let credential = json["credential"]?.string, let expiresAt = json["expiresAt"]?.number?.int64,
            let text = json["secret"]?.string, let secret = Base64URL.decode(text.utf8).flatMap({ Secret($0) })
        else { throw refuse("a member is missing") }
        self.init(space: space, host: host, credential: credential, expiresAt: expiresAt, secret: secret)
    }

    static func load(_ path: String) throws(CommandError) -> CredentialFile {
        try CredentialFile(PrivateFile.read(path), path: path)
    }

    /// Writes the object as it stands in the file, credential and secret included.
    func serialized() -> [UInt8] {
        var object = JSONObject(schema: Self.schema)
        object["space"] = .string(space)
        object["host"] = .string(host)
        object["credential"] = .string(credential)
        object["expiresAt"] = .number(JSONNumber(expiresAt))
        object["secret"] = .string(Base64URL.encode(secret.bytes))
        return object.stored
    }

    /// The key the credential is bound to.
    func key() throws(CommandError) -> PrivateKey {
        try CommandError.ofTokens { () throws(UCANError) in try PrivateKey(curve: .p256, seed: secret.bytes) }
    }
}
