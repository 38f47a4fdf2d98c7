import Multiformats
import UCAN

/// Holds what a login left behind: which key may sign for whom, by which delegation.
struct Session: Sendable, Equatable {
    static let schema = "capq/session/1"

    /// Base URL the session was registered at; it is used nowhere else.
    let url: String
    /// Name or path of the key file.
    let key: String
    /// CID of the root delegation.
    let cid: String
    /// The root delegation as sent.
    let authorization: String
    /// DID of the wallet the session acts for.
    let owner: String
    let space: String
    /// RFC 3339; nil when it does not expire.
    let expiresAt: String?

    init(url: String, key: String, cid: String, authorization: String, owner: String, space: String, expiresAt: String?)
    {
        self.url = url
        self.key = key
        self.cid = cid
        self.authorization = authorization
        self.owner = owner
        self.space = space
        self.expiresAt = expiresAt
    }

    /// Reads a session file strictly; `path` is for the message.
    init(_ bytes: [UInt8], path: String) throws(CommandError) {
        func refuse(_ why: String) -> CommandError {
            CommandError(.failure, "`\(path)` is not a session: \(why)", hint: "`capq login` writes a new one")
        }
        let json = try JSON.stored(bytes, schema: Self.schema, refuse)
        guard let url = json["url"]?.string, let key = json["key"]?.string, let cid = json["cid"]?.string,
            let authorization = json["authorization"]?.string, let owner = json["owner"]?.string,
            let space = json["space"]?.string
        else { throw refuse("a member is missing") }
        self.init(
            url: url,
            key: key,
            cid: cid,
            authorization: authorization,
            owner: owner,
            space: space,
            expiresAt: json["expiresAt"]?.string
        )
    }

    /// Writes the object as it stands in the file.
    func serialized() -> [UInt8] {
        var object = JSONObject(schema: Self.schema)
        object["url"] = .string(url)
        object["key"] = .string(key)
        object["cid"] = .string(cid)
        object["owner"] = .string(owner)
        object["space"] = .string(space)
        if let expiresAt { object["expiresAt"] = .string(expiresAt) }
        object["authorization"] = .string(authorization)
        return object.stored
    }
}

/// Keeps the session of one context in the context's folder.
struct SessionStore: Sendable {
    /// Folder of the context.
    let folder: String

    private var path: String { folder + "/session.json" }

    /// Names the key file a login makes when no key is named.
    var keyPath: String { folder + "/session-key.json" }

    /// Reads the session; nil when there is none.
    func load() throws(CommandError) -> Session? {
        guard SystemFile.exists(path) else { return nil }
        return try Session(PrivateFile.read(path), path: path)
    }

    /// Replaces the session in one step.
    func save(_ session: Session) throws(CommandError) {
        try PrivateFile.write(session.serialized(), to: path, replaces: true)
    }
}

extension JSON {
    /// Reads the object of a file capq wrote, under its schema; `refuse` words what is wrong with it.
    static func stored(
        _ bytes: [UInt8], schema: String, _ refuse: (String) -> CommandError
    ) throws(CommandError) -> JSON {
        let json: JSON
        do {
            json = try JSON.parse(bytes)
        } catch {
            throw refuse(error.message)
        }
        guard json["schema"]?.string.map({ $0.hasSameBytes(as: schema) }) ?? false else {
            throw refuse("its schema is not `\(schema)`")
        }
        return json
    }
}

extension JSONObject {
    /// The object as it stands in a file: indented, with a line break at its end.
    var stored: [UInt8] { Array((JSONPrinter.indented(.object(self)) + "\n").utf8) }
}
