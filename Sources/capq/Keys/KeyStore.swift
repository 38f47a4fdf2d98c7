import Multiformats

/// Finds key files by name in the key folder, or by path.
struct KeyStore: Sendable {
    /// Folder of key files; made when the first key is written.
    let folder: String

    init(home: String) {
        folder = home + "/keys"
    }

    /// Names the file of a key: anything with a slash or ending in `.json` is a path already.
    func path(of name: String) throws(CommandError) -> String {
        if name.utf8.contains(UInt8(ascii: "/")) || name.hasSuffix(".json") { return name }
        try EntryName.check(name, what: "key")
        return "\(folder)/\(name).json"
    }

    /// Reads a key; not found when there is none, a failure when others may read it.
    func load(_ name: String) throws(CommandError) -> KeyFile {
        let path = try path(of: name)
        guard SystemFile.exists(path) else {
            throw CommandError(.notFound, "no key `\(name)`", hint: "`capq key new \(name)` makes one")
        }
        return try KeyFile(PrivateFile.read(path), path: path)
    }

    /// Writes a new key and returns its path; a failure when the name is taken.
    func save(_ key: KeyFile, as name: String) throws(CommandError) -> String {
        let path = try path(of: name)
        try PrivateFile.write(key.serialized(), to: path, replaces: false)
        return path
    }
}

extension KeyStore {
    /// Lists the names of key files in the folder, in order.
    func names() -> [String] {
        SystemFile.entries(folder).filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }
    }
}

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
    init(_ bytes: [UInt8], path: String) throws(CommandError) {
        func refuse(_ why: String) -> CommandError {
            CommandError(.failure, "`\(path)` is not a key file: \(why)", hint: "`capq key new NAME` writes one")
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
