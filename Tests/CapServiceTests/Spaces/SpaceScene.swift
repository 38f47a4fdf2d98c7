import ATProto
import CapTesting
import Multiformats
import Testing

/// A running service with accounts, and people who call its methods; every answer is held to the lexicons.
final class SpaceScene {
    /// An account of the service and its session.
    struct Person {
        let did: String
        let token: String
    }

    static let forum = "com.example.forum"
    static let simple = "com.atproto.simplespace."
    static let space = "com.atproto.space."
    static let older = "dev.happyview.space."

    let accounts: AccountScene

    init(in folder: TemporaryFolder = TemporaryFolder(), options: [String] = ["--registration", "open"]) throws {
        accounts = try AccountScene(in: folder, options: options)
    }

    /// Makes an account, which is signed in by that.
    func person(_ name: String) throws -> Person {
        let made = try accounts.create(name)
        return Person(did: made.did, token: made.access)
    }

    /// Signs in to an account that was made.
    func signIn(_ name: String) throws -> Person {
        let signed = try AccountScene.Signed(try accounts.login("\(name).localhost").json)
        return Person(did: signed.did, token: signed.access)
    }

    func get(_ nsid: String, _ query: [(String, String)] = [], by person: Person? = nil) throws -> RawResponse {
        let text = query.map { "\(Self.escaped($0.0))=\(Self.escaped($0.1))" }.joined(separator: "&")
        return held(try accounts.get(nsid + (text.isEmpty ? "" : "?" + text), person?.token), nsid)
    }

    func post(_ nsid: String, _ body: JSON?, by person: Person? = nil) throws -> RawResponse {
        held(try accounts.post(nsid, person?.token, body), nsid)
    }

    /// Makes a space with a list of members; gives its URI.
    func create(_ skey: String, by owner: Person, _ settings: JSONObject = JSONObject()) throws -> String {
        var body = settings
        body["type"] = .string(Self.forum)
        body["skey"] = .string(skey)
        let made = try post(Self.simple + "createSpace", .object(body), by: owner)
        return try #require(made.json["uri"]?.string, "\(made.text)")
    }

    func add(_ member: Person, to space: String, access: String? = nil, by owner: Person) throws {
        var body = try #require(JSONObject([("space", .string(space)), ("did", .string(member.did))]))
        body["access"] = access.map { .string($0) }
        let added = try post(Self.simple + "addMember", .object(body), by: owner)
        try #require(added.status == 200, "\(added.text)")
    }

    /// The listed members and the word of what each may do.
    func members(_ space: String, by person: Person, _ query: [(String, String)] = []) throws -> [String: String] {
        let answer = try get(Self.simple + "listMembers", [("space", space)] + query, by: person)
        let rows = try #require(answer.json["members"]?.array, "\(answer.text)")
        return Dictionary(uniqueKeysWithValues: rows.map { ($0["did"]?.string ?? "", $0["access"]?.string ?? "") })
    }

    /// Holds an answer to the lexicon of its method, and a refusal to its form (atproto-spaces.md 20).
    private func held(_ response: RawResponse, _ nsid: String) -> RawResponse {
        if response.status < 300 {
            let isJSON = response.header("content-type")?.hasPrefix("application/json") ?? false
            let body = isJSON ? response.json : nil
            for catalog in [LexiconCatalog.published, .publishedWithSpaceRevisions] {
                do throws(ATProtoError) {
                    try catalog.validateOutput(body, of: nsid)
                } catch {
                    Issue.record("\(nsid) answers against its lexicon: \(error)")
                }
            }
            if nsid.hasPrefix("com.atproto.") { #expect(response.status == 200, "\(nsid)") }
        } else {
            #expect(
                response.json["error"]?.string != nil && response.json["message"]?.string != nil,
                "\(nsid) \(response.status) \(response.text)")
            #expect(response.status != 401 || response.header("www-authenticate") != nil, "\(nsid)")
            #expect(response.header("x-decision-id") != nil, "\(nsid)")
        }
        return response
    }

    static func escaped(_ text: String) -> String {
        var out = ""
        for byte in text.utf8 {
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            let hex = String(byte, radix: 16, uppercase: true)
            out += isPlain ? String(Unicode.Scalar(byte)) : "%" + (hex.utf8.count == 1 ? "0" : "") + hex
        }
        return out
    }
}

extension RawResponse {
    /// The status and name of a refusal, or the status alone.
    var outcome: String { json["error"]?.string.map { "\(status) \($0)" } ?? "\(status)" }

    /// Everything an outsider could tell two answers apart by; a decision's id differs always.
    var shape: [String] {
        [String(status), text, header("content-type") ?? "", header("www-authenticate") ?? ""]
    }
}
