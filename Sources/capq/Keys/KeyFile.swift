import Multiformats

/// Holds the content of a key file: a JSON object with curve and secret, for its owner's eyes only.
struct KeyFile: Sendable, Equatable {
    static let schema = "capq/key/1"

    let kind: KeyKind
    let secret: Secret

    init(kind: KeyKind, secret: Secret) {
        self.kind = kind
        self.secret = secret
    }

    /// Reads the object strictly; `path` is for the message.
    init(_ bytes: [UInt8], path: String) throws(Failure) {
        func refuse(_ why: String) -> Failure {
            Failure(.failure, "`\(path)` is not a key file: \(why)", hint: "`capq key new NAME` writes one")
        }
        let json = try JSON.stored(bytes, schema: Self.schema, refuse)
        guard let curve = json["curve"]?.string,
            let kind = KeyKind(curve: curve, isWallet: json["wallet"]?.bool ?? false)
        else { throw refuse("its curve is unknown") }
        guard let text = json["secret"]?.string,
            let secret = Base64URL.decode(Array(text.utf8)).flatMap({ Secret($0) })
        else { throw refuse("its secret is not 32 bytes of unpadded base64url") }
        self.init(kind: kind, secret: secret)
    }

    /// Writes the object as it stands in the file, secret included.
    func serialized() -> [UInt8] {
        var object = JSONObject(schema: Self.schema)
        object["curve"] = .string(kind.curve)
        if kind == .wallet { object["wallet"] = true }
        object["secret"] = .string(Base64URL.encode(secret.bytes))
        return object.stored
    }
}
