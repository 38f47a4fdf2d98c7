import ATProto
import Multiformats
import UCAN

/// A running service with an owner, a member and a space, and ready-made requests to it.
final class SpaceWorld {
    struct Person {
        let did: String
        let token: String
    }

    static let collection = "com.example.post"
    let service: ServiceUnderTest
    let owner: Person
    let member: Person
    let space: String
    private let connection: LoadConnection

    init() throws {
        let (unbounded, url) = ("1000000000", "http://127.0.0.1")
        service = try ServiceUnderTest(options: [
            "--registration", "open", "--hourly-write-points", unbounded, "--daily-write-points", unbounded,
            "--public-url", url, "--user-domains", "localhost",
        ])
        let connection = try LoadConnection(port: service.port)
        self.connection = connection
        func register(_ name: String) throws -> Person {
            let made = try Self.ask(
                connection,
                Self.post(
                    "com.atproto.server.createAccount",
                    ["handle": .string("\(name).localhost"), "password": "bench-of-oak"]))
            guard let did = made["did"]?.string, let token = made["accessJwt"]?.string else {
                throw BenchError(message: "an account without a name")
            }
            return Person(did: did, token: token)
        }
        let (owner, member) = (try register("owner"), try register("member"))
        let made = try Self.ask(
            connection,
            Self.post(
                "com.atproto.simplespace.createSpace", ["type": "com.example.forum", "skey": "bench"],
                owner.token))
        guard let space = made["uri"]?.string else { throw BenchError(message: "a space without a name") }
        _ = try Self.ask(
            connection,
            Self.post(
                "com.atproto.simplespace.addMember", ["space": .string(space), "did": .string(member.did)],
                owner.token))
        (self.owner, self.member, self.space) = (owner, member, space)
    }

    /// Sends one request; throws when it is not answered 200.
    func ask(_ request: [UInt8]) throws -> JSON { try Self.ask(connection, request) }

    private static func ask(_ connection: LoadConnection, _ request: [UInt8]) throws -> JSON {
        let reply = try connection.exchange(request)
        guard reply.status == 200 else {
            throw BenchError(message: "answered \(reply.status): \(String(decoding: reply.body, as: UTF8.self))")
        }
        return (try? JSON.parse(reply.body)) ?? .null
    }

    static func post(_ nsid: String, _ json: JSON, _ token: String? = nil, headers: [String] = []) -> [UInt8] {
        let body = json.serialized()
        let head = ["Content-Type: application/json", "Content-Length: \(body.count)"]
        return request("POST", nsid, head + headers + authorization(token)) + body
    }

    static func get(
        _ nsid: String, _ query: [(String, String)], _ token: String? = nil, headers: [String] = []
    ) -> [UInt8] {
        // Names of the worlds hold nothing a query would change but the percent sign.
        let text = query.map { "\($0.0)=\($0.1.replacing("%", with: "%25"))" }.joined(separator: "&")
        return request("GET", "\(nsid)?\(text)", headers + authorization(token))
    }

    private static func authorization(_ token: String?) -> [String] {
        token.map { ["Authorization: Bearer \($0)"] } ?? []
    }

    private static func request(_ method: String, _ path: String, _ headers: [String]) -> [UInt8] {
        Array((["\(method) /xrpc/\(path) HTTP/1.1", "Host: bench"] + headers).joined(separator: "\r\n").utf8)
            + Array("\r\n\r\n".utf8)
    }

    /// The request for a write of some records by the member, each new.
    func batch(_ number: Int, of count: Int) -> [UInt8] {
        let writes = (0..<count).map { index -> JSON in
            [
                "$type": "com.atproto.space.applyWrites#create", "collection": .string(Self.collection),
                "rkey": .string("r\(count)-\(number)-\(index)"), "value": Self.record("\(number)-\(index)"),
            ]
        }
        return Self.post(
            "com.atproto.space.applyWrites",
            ["space": .string(space), "repo": .string(member.did), "writes": .array(writes)], member.token)
    }

    /// About 300 bytes of a post.
    static func record(_ text: String) -> JSON {
        [
            "$type": .string(collection), "text": .string(text + String(repeating: " words", count: 40)),
            "createdAt": "2026-11-21T12:00:00.000Z",
        ]
    }

    /// A credential of profile N for the member, and the headers that use it on one repo.
    func credentialHeaders(key: PrivateKey, audience: String) throws -> [String] {
        let bearer = "Bearer " + (try delegationToken())
        let made = try RequestSignature.make(authorization: bearer, audience: nil, key: key)
        let answer = try ask(
            Self.post(
                "com.atproto.space.getSpaceCredential", ["space": .string(space)],
                headers: [
                    "Authorization: \(bearer)", "Signature-Input: \(made.input)", "Signature: \(made.signature)",
                ]))
        guard let credential = answer["credential"]?.string else { throw BenchError(message: "no credential") }
        let used = "Atproto-Space " + credential
        let signature = try RequestSignature.make(authorization: used, audience: audience, key: key)
        return [
            "Authorization: \(used)", "Atproto-Space-Audience: \(audience)", "Signature-Input: \(signature.input)",
            "Signature: \(signature.signature)",
        ]
    }

    func delegationToken() throws -> String {
        let answer = try ask(Self.get("com.atproto.space.getDelegationToken", [("space", space)], member.token))
        guard let token = answer["token"]?.string else { throw BenchError(message: "no delegation token") }
        return token
    }
}
