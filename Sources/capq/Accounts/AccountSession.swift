import CapClient
import Multiformats

/// Holds what a login with a password left: whose session it is at which service, and its two tokens.
struct AccountSession: Sendable, Equatable {
    static let schema = "capq/account-session/1"

    /// Base URL of the service the session is at; its tokens are sent nowhere else.
    let url: String
    let did: String
    let handle: String
    var tokens: SessionTokens

    init(url: String, did: String, handle: String, tokens: SessionTokens) {
        self.url = url
        self.did = did
        self.handle = handle
        self.tokens = tokens
    }

    /// Reads the answer of createAccount or createSession: `{did, handle, accessJwt, refreshJwt, …}`.
    init(_ answer: JSON, at url: String) throws(ClientError) {
        let tokens = try SessionTokens(answer)
        guard let did = answer["did"]?.string, let handle = answer["handle"]?.string else {
            throw ClientError(.invalidAnswer, "the answer names no account")
        }
        self.init(url: url, did: did, handle: handle, tokens: tokens)
    }

    /// Reads a session file strictly; `path` is for the message.
    init(_ bytes: [UInt8], path: String) throws(CommandError) {
        func refuse(_ why: String) -> CommandError {
            CommandError(
                .failure, "`\(path)` is not an account's session: \(why)", hint: "`capq account login` writes one")
        }
        let json = try JSON.stored(bytes, schema: Self.schema, refuse)
        guard let url = json["url"]?.string, let did = json["did"]?.string, let handle = json["handle"]?.string,
            let access = json["accessJwt"]?.string, let refresh = json["refreshJwt"]?.string
        else { throw refuse("a member is missing") }
        self.init(url: url, did: did, handle: handle, tokens: SessionTokens(access: access, refresh: refresh))
    }

    /// Writes the object as it stands in the file, tokens included.
    func serialized() -> [UInt8] {
        var object = JSONObject(schema: Self.schema)
        object["url"] = .string(url)
        object["did"] = .string(did)
        object["handle"] = .string(handle)
        object["accessJwt"] = .string(tokens.access)
        object["refreshJwt"] = .string(tokens.refresh)
        return object.stored
    }
}
