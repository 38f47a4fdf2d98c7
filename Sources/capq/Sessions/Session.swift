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
    init(_ bytes: [UInt8], path: String) throws(Failure) {
        func refuse(_ why: String) -> Failure {
            Failure(.failure, "`\(path)` is not a session: \(why)", hint: "`capq login` writes a new one")
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
