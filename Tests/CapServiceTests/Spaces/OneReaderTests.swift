import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapService

/// No request asks for a second state of the tables while it holds one: with one connection to read with, and nothing
/// remembered, each of them answers.
@Suite struct OneReaderTests {
    private static let post = "com.example.forum.post"
    private let folder = TemporaryFolder()

    private func serve(readers: Int? = 1) throws -> XRPCTestService {
        try XRPCTestService(ServedFamilies.standard.table.methods) { settings in
            settings.data = folder.path
            settings.registration = .open
            settings.maxReaders = readers
        }
    }

    private struct Person {
        let did: String
        let headers: [String]
    }

    private func person(_ name: String, on service: XRPCTestService) throws -> Person {
        let made = try service.post(
            "com.atproto.server.createAccount",
            ["handle": .string("\(name).localhost"), "password": "a secret of hers"])
        return Person(
            did: try #require(made.json["did"]?.string, "\(made.text)"),
            headers: ["Authorization: Bearer \(try #require(made.json["accessJwt"]?.string))"])
    }

    @Test func everyReadOfARepoTakesOneConnection() throws {
        let first = try serve()
        let (alice, bob) = (try person("alice", on: first), try person("bob", on: first))
        func post(_ name: String, _ body: JSON, by person: Person) throws -> JSON {
            let answer = try first.post(name, body, headers: person.headers)
            try #require(answer.status < 300, "\(name): \(answer.text)")
            return answer.json
        }
        let made = try post(
            "com.atproto.simplespace.createSpace", ["type": .string(SpaceScene.forum), "skey": "main"], by: alice)
        let space = try #require(made["uri"]?.string)
        for member in [bob.did] {
            _ = try post(
                "com.atproto.simplespace.addMember", ["space": .string(space), "did": .string(member)], by: alice)
        }
        let blob = try first.wire.post(
            "/xrpc/com.atproto.repo.uploadBlob", authorization: nil, body: [1, 2, 3],
            headers: alice.headers + ["Content-Type: image/png"]
        ).json["blob"]
        let link = try #require(blob)
        _ = try post(
            "com.atproto.space.createRecord",
            [
                "space": .string(space), "repo": .string(alice.did), "collection": .string(Self.post), "rkey": "one",
                "record": ["$type": .string(Self.post), "embed": ["images": [link]]],
            ], by: alice)
        first.stop()
        let whole = "space=\(SpaceScene.escaped(space))"
        let repo = whole + "&repo=\(SpaceScene.escaped(alice.did))&did=\(SpaceScene.escaped(alice.did))"
        let record = "&collection=\(Self.post)&rkey=one"
        let cid = "&cid=\(try #require(link["ref"]?["$link"]?.string))"
        let asked = [
            "com.atproto.space.getRecord?\(repo)\(record)", "com.atproto.space.getRecord?\(whole)\(record)",
            "com.atproto.space.listRecords?\(repo)", "com.atproto.space.listRecords?\(whole)",
            "com.atproto.space.getBlob?\(repo)\(cid)", "com.atproto.space.getBlob?\(whole)\(cid)",
            "com.atproto.space.listBlobs?\(repo)", "com.atproto.space.getLatestCommit?\(repo)",
            "com.atproto.space.getRepoState?\(repo)", "com.atproto.space.listRepoOps?\(repo)",
            "com.atproto.space.getRepo?\(repo)", "com.atproto.space.listRepos?\(whole)",
        ]
        for path in asked {
            // A new one remembers no account.
            let service = try serve()
            defer { service.stop() }
            let answer = try service.get(path, headers: bob.headers)
            #expect(answer.status == 200, "\(path): \(answer.status) \(answer.text.prefix(200))")
        }
    }

    @Test func aNameThatHasNoAccountHereTakesOneConnection() throws {
        let service = try serve()
        defer { service.stop() }
        let key = try PrivateKey.generate(.ed25519)
        let described = try service.get("com.atproto.server.describeServer").json["spaces"]?["ucan"]
        for _ in 0..<2 {
            let token = try TokenMaker.ucan(
                issuer: key, audience: DID(#require(described?["audience"]?.string)),
                capabilities: [
                    TokenCapability(
                        resource: "at://" + key.did.text, ability: #require(described?["account"]?.string))
                ], proofs: [], expires: Timestamp(seconds: service.service.now().microseconds / 1_000_000 + 60),
                nonce: TokenID.random())
            let answer = try service.wire.post(
                "/xrpc/com.atproto.repo.uploadBlob", authorization: token.authorization(), body: [1, 2, 3],
                headers: ["Content-Type: image/png"])
            #expect(answer.status >= 400 && answer.status < 500, "\(answer.status) \(answer.text)")
        }
    }
}
