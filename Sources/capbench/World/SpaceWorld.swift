import ATProto
import Multiformats
import UCAN

/// A service with accounts, one space of the first of them that all others are members of, and calls to its methods.
final class SpaceWorld {
    struct Person {
        let did: String
        let token: String
    }

    let service: ServiceUnderTest
    let people: [Person]
    let space: String
    private let connection: LoadConnection

    static let collection = "com.example.forum.post"

    init(people count: Int) throws {
        service = try ServiceUnderTest(["--registration", "open"])
        connection = try LoadConnection(port: service.port)
        var people: [Person] = []
        for number in 0..<count {
            let made = try Self.exchange(
                connection, "com.atproto.server.createAccount", nil,
                ["handle": .string("bench\(number).localhost"), "password": "a long password"])
            guard let did = made["did"]?.string, let token = made["accessJwt"]?.string else {
                throw BenchError(message: "no account was made")
            }
            people.append(Person(did: did, token: token))
        }
        self.people = people
        let made = try Self.exchange(
            connection, "com.atproto.simplespace.createSpace", people[0],
            ["type": "com.example.forum", "skey": "bench"])
        guard let uri = made["uri"]?.string else { throw BenchError(message: "no space was made") }
        space = uri
        for person in people.dropFirst() {
            _ = try call(
                "com.atproto.simplespace.addMember", people[0], ["space": .string(uri), "did": .string(person.did)])
        }
    }

    /// Calls a method and gives its answer; throws unless it is 200.
    @discardableResult
    func call(_ nsid: String, _ person: Person?, _ body: JSON?, query: String = "") throws -> JSON {
        try Self.exchange(connection, nsid, person, body, query: query)
    }

    private static func exchange(
        _ connection: LoadConnection, _ nsid: String, _ person: Person?, _ body: JSON?, query: String = ""
    ) throws -> JSON {
        let reply = try connection.exchange(request(nsid, person, body, query: query))
        guard reply.status == 200 else {
            throw BenchError(message: "\(nsid): \(reply.status) \(String(decoding: reply.body, as: UTF8.self))")
        }
        return reply.body.isEmpty ? .null : try JSON.parse(reply.body)
    }

    static func request(_ nsid: String, _ person: Person?, _ body: JSON?, query: String = "") -> [UInt8] {
        let headers = person.map { ["Authorization: Bearer \($0.token)"] } ?? []
        return Load.call("/xrpc/\(nsid)" + (query.isEmpty ? "" : "?" + query), headers, body: body?.serialized())
    }

    /// `space` as a query string writes it; a `%` of the DID's port is the only character in need.
    static func escaped(_ text: String) -> String {
        text.split(separator: "%", omittingEmptySubsequences: false).joined(separator: "%25")
    }

    /// A forum post of about 400 bytes.
    static func post(_ number: Int) -> JSON {
        [
            "$type": .string(collection), "createdAt": "2026-11-21T12:00:00.000Z",
            "number": .number(JSONNumber(number)),
            "text": .string(String(repeating: "All authority is edges. ", count: 14)),
        ]
    }

    /// A call of applyWrites that creates so many records.
    func writes(_ range: Range<Int>, by person: Person) -> [UInt8] {
        let writes: [JSON] = range.map {
            [
                "$type": "com.atproto.space.applyWrites#create", "collection": .string(Self.collection),
                "rkey": .string("r\($0)"), "value": Self.post($0),
            ]
        }
        return Self.request(
            "com.atproto.space.applyWrites", person, ["space": .string(space), "writes": .array(writes)])
    }

    /// Gets a credential for the space, bound to a key by HTTP message signatures.
    func credential(of person: Person, key: PrivateKey) throws -> String {
        let token = try call(
            "com.atproto.space.getDelegationToken", person, nil, query: "space=" + Self.escaped(space))
        guard let text = token["token"]?.string else { throw BenchError(message: "no delegation token") }
        let reply = try connection.exchange(exchangeRequest(text, key: key))
        guard reply.status == 200, let made = try JSON.parse(reply.body)["credential"]?.string else {
            throw BenchError(message: "no credential: \(String(decoding: reply.body, as: UTF8.self))")
        }
        return made
    }

    /// The call that exchanges a delegation token, signed by the key the credential is to be bound to.
    func exchangeRequest(_ token: String, key: PrivateKey) throws -> [UInt8] {
        let signed = try RequestSignature.make(authorization: "Bearer " + token, audience: nil, key: key)
        return Load.call(
            "/xrpc/com.atproto.space.getSpaceCredential",
            [
                "Authorization: Bearer \(token)", "Signature-Input: \(signed.input)", "Signature: \(signed.signature)",
            ], body: (["space": .string(space)] as JSON).serialized())
    }
}
