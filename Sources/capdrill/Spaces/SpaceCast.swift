import ATProto
import Multiformats
import UCAN

/// The accounts of a drill, the space they share, and one that is held elsewhere.
struct SpaceCast: Sendable {
    struct Author: Sendable {
        let handle: String
        let did: String
        let key: PublicKey
    }

    static let password = "drill in the rain"
    let home: String
    let far: String
    let authors: [Author]

    /// Registers everybody with a running service.
    init(_ url: String, authors count: Int, receiver: NewsReceiver) throws {
        let connection = try XRPCConnection(url)
        func post(_ nsid: String, _ json: JSON, _ token: String? = nil) throws -> JSON {
            let answer = try connection.post(nsid, json, token)
            guard answer.status == 200 else { throw DrillFailure("\(nsid): \(answer.summary)") }
            return answer.json
        }
        func register(_ name: String) throws -> (author: Author, token: String) {
            let made = try post(
                "com.atproto.server.createAccount",
                ["handle": .string("\(name).localhost"), "password": .string(Self.password)])
            guard let did = made["did"]?.string, let token = made["accessJwt"]?.string else {
                throw DrillFailure("an account without a name")
            }
            let answer = try connection.get("com.atproto.identity.resolveDid", [("did", did)], nil)
            guard let json = answer.json["didDoc"],
                let key = try DIDDocument(json, of: did).key(KeyID.account)
            else { throw DrillFailure("an account without a key: \(answer.summary)") }
            return (Author(handle: "\(name).localhost", did: did, key: key), token)
        }
        let owner = try register("owner")
        let made = try post(
            "com.atproto.simplespace.createSpace", ["type": "com.example.forum", "skey": "drill"], owner.token)
        guard let home = made["uri"]?.string else { throw DrillFailure("a space without a name") }
        self.home = home
        far = "at://\(receiver.authority)/space/com.example.forum/drill"
        var authors: [Author] = []
        for number in 0..<count {
            let author = try register("author\(number)").author
            _ = try post(
                "com.atproto.simplespace.addMember", ["space": .string(home), "did": .string(author.did)], owner.token)
            authors.append(author)
        }
        self.authors = authors
    }
}
