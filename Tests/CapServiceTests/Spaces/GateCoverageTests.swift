import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Spaces
import Storage
import Testing
import UCAN

@testable import CapService

/// No method has an effect or an answer that the gate did not let through: behind a gate that is shut every one of them
/// refuses, with everything it asks for at hand, and nothing changes.
@Suite struct GateCoverageTests {
    /// What is answered without the gate of spaces: what the service is, and an account's own sessions and passwords.
    static let ungated: Set<String> = [
        "community.lexicon.service.describe", "com.atproto.server.getServiceAuth",
        "com.atproto.server.describeServer", "com.atproto.server.createAccount", "com.atproto.server.createSession",
        "com.atproto.server.refreshSession", "com.atproto.server.getSession", "com.atproto.server.deleteSession",
        "com.atproto.server.createAppPassword", "com.atproto.server.listAppPasswords",
        "com.atproto.server.revokeAppPassword", "com.atproto.identity.resolveHandle",
        "com.atproto.identity.resolveDid",
    ]

    private static let post = "com.example.forum.post"

    /// What the calls name: an account, its space, and one of everything in it.
    private struct Names {
        let did: String
        let token: String
        let space: String
        let cid: String
        let edge: String
        let invite: JSON
        let delegation: String
        /// Bound to no key, as profile X has it.
        let credential: String
    }

    /// A service of this process on a folder and a port that outlive it.
    private final class Running {
        let service: Service
        let wire: Wire
        private let server: HTTPServer

        init(in folder: TemporaryFolder, port: UInt16, gate: (Gate) -> Gate) throws {
            var settings = Settings()
            settings.data = folder.path
            settings.registration = .open
            settings.hasProfileX = true
            service = try Service(settings, log: .off, gate: gate)
            server = try HTTPServer(
                listen: HTTPListenAddress(ip: "127.0.0.1", port: port), limits: settings.http, threads: 1,
                handler: ServiceHandler(service), log: .off)
            let bound = try server.start()
            service.address.listens(at: "http://127.0.0.1:\(bound)")
            wire = Wire(bound)
            self.port = bound
        }

        let port: UInt16

        func stop() {
            server.stop(deadline: .milliseconds(200))
            service.pool.stop(deadline: .seconds(5))
            service.spaces.stop()
            service.store.close()
        }

        /// Calls a method with all it takes, but for the parameters in `omitting`.
        func call(
            _ method: XRPCMethod, _ name: String, _ names: Names, _ headers: [String], omitting: [String] = []
        ) throws -> RawResponse {
            switch method.verb {
            case .query:
                let given = GateCoverageTests.query(names).filter { !omitting.contains($0.0) }
                let query = given.map { "\($0)=\(SpaceScene.escaped($1))" }
                return try wire.get("/xrpc/\(name)?" + query.joined(separator: "&"), headers: headers)
            case .procedure:
                return try wire.post(
                    "/xrpc/\(name)", authorization: nil, body: GateCoverageTests.body(names, of: name).serialized(),
                    headers: headers)
            }
        }

        /// Every row of every table, and the revision of the graph.
        func contents() throws -> [String: [String]] {
            var contents = ["graph": [String(service.store.unprovenSnapshot().revision)]]
            try service.store.read { tables in
                let names = try tables.rows("SELECT name FROM sqlite_master WHERE type = 'table'", []) { $0.text(0) }
                for name in names {
                    let columns = try tables.rows("SELECT name FROM pragma_table_info(?1)", [.text(name)]) {
                        "quote(\"\($0.text(0))\")"
                    }
                    contents[name] = try tables.rows(
                        "SELECT \(columns.joined(separator: " || ',' || ")) FROM \"\(name)\"", []
                    ) { $0.text(0) }.sorted()
                }
            }
            return contents
        }
    }

    /// Every parameter that any method takes.
    private static func query(_ names: Names) -> [(String, String)] {
        [
            ("space", names.space), ("repo", names.did), ("did", names.did), ("collection", post), ("rkey", "first"),
            ("cid", names.cid), ("edge", names.edge), ("ability", "read"), ("limit", "10"),
            ("type", SpaceScene.forum), ("from", names.did),
        ]
    }

    /// Every member that any body takes.
    private static func body(_ names: Names, of name: String) -> JSON {
        let record: JSON = ["$type": .string(post), "text": "x"]
        var body: JSONObject = JSONObject()
        let all: JSON = [
            "space": .string(names.space), "repo": .string(names.did), "did": .string(names.did),
            "type": .string(SpaceScene.forum), "skey": "other", "collection": .string(post), "rkey": "second",
            "record": record, "read": true, "write": true, "edge": .string(names.edge), "jti": "x",
            "writes": [["action": "create", "collection": .string(post), "value": record]],
            "token": names.invite["token"] ?? .null, "inviteId": names.invite["inviteId"] ?? .null,
            "service": "did:web:syncer.example#syncer", "repoRev": "3kbcq3p7ad400",
            "hash": ["$bytes": .string(String(repeating: "A", count: 43))], "credentials": ["x"],
            "credential": .string(names.credential), "changes": [["received": .string(names.did)]],
        ]
        body = all.object ?? body
        // By today's name a grant would stand for the token in the header.
        if XRPCCall.isAlias(name) { body["grant"] = .string(names.delegation) }
        return .object(body)
    }

    /// Makes an account, a space, and one of everything, while the gate is open.
    private func prepare(_ running: Running) throws -> Names {
        func post(_ name: String, _ body: JSON, _ token: String? = nil) throws -> JSON {
            let answer = try running.wire.post(
                "/xrpc/" + name, authorization: token.map { "Bearer \($0)" }, body: body.serialized())
            try #require(answer.status < 300, "\(name): \(answer.text)")
            return answer.json
        }
        func get(_ name: String, _ space: String, _ token: String) throws -> JSON {
            try running.wire.get(
                "/xrpc/\(name)?space=\(SpaceScene.escaped(space))", headers: ["Authorization: Bearer \(token)"]
            ).json
        }
        let account = try post(
            "com.atproto.server.createAccount", ["handle": "alice.localhost", "password": "a secret of hers"])
        let (did, token) = (try #require(account["did"]?.string), try #require(account["accessJwt"]?.string))
        let made = try post(
            "com.atproto.simplespace.createSpace", ["type": .string(SpaceScene.forum), "skey": "main"], token)
        let space = try #require(made["uri"]?.string)
        let written = try post(
            "com.atproto.space.createRecord",
            [
                "space": .string(space), "repo": .string(did), "collection": .string(Self.post), "rkey": "first",
                "record": ["$type": .string(Self.post), "text": "x"],
            ], token)
        let edges = try get("dev.capabilitygraph.graph.listEdges", space, token)["delegations"]?.texts("cid")
        return Names(
            did: did, token: token, space: space, cid: try #require(written["cid"]?.string),
            edge: try #require(edges?.first),
            invite: try post("dev.happyview.space.createInvite", ["space": .string(space)], token),
            delegation: try #require(
                try get("com.atproto.space.getDelegationToken", space, token)["token"]?.string),
            credential: try #require(
                try post("dev.happyview.space.getCredential", ["spaceUri": .string(space)], token)["credential"]?
                    .string))
    }

    @Test func behindAShutGateEverythingRefusesAndNothingChanges() throws {
        let folder = TemporaryFolder()
        let open = try Running(in: folder, port: 0) { $0 }
        let names = try prepare(open)
        let port = open.port
        open.stop()
        // One that asks a graph in which nothing stands, of which every account is said to be hosted.
        let empty = try GraphStore.open(
            path: folder.path + "/empty.sqlite", families: ServedFamilies.standard.kept(),
            at: Timestamp(seconds: 0))
        let shut = try Running(in: folder, port: port) { _ in Gate(store: empty, accounts: EveryAccount()) }
        defer {
            shut.stop()
            empty.close()
        }
        let before = try shut.contents()
        let table = ServedFamilies.standard.table
        #expect(Self.ungated.isSubset(of: table.methods.map(\.nsid)))
        var count = 0
        for method in table.methods where !Self.ungated.contains(method.nsid) {
            for name in [method.nsid] + method.aliases {
                let stranger = try shut.call(method, name, names, [])
                #expect(stranger.status >= 400, "\(name) answers a stranger: \(stranger.text)")
                let owner = try shut.call(method, name, names, try headers(of: name, names, shut))
                // The owner is refused by the gate itself, and by nothing before it.
                #expect(Self.isOfTheGate(owner), "\(name): \(owner.status) \(owner.text)")
                count += 1
                // Without an author some are about all of them.
                guard method.verb == .query else { continue }
                let all = try shut.call(method, name, names, headers(of: name, names, shut), omitting: ["repo", "did"])
                #expect(Self.isOfTheGate(all) || all.outcome == "400 InvalidRequest", "\(name): \(all.text)")
            }
        }
        #expect(count > 70)
        let after = try shut.contents()
        for (name, rows) in after { #expect(rows == before[name], "`\(name)` has changed") }
        #expect(after.count == before.count && after["space"]?.count == 1 && after["space_member"]?.isEmpty == true)
    }

    /// What the gate alone answers where no session, no credential and no space is in the graph.
    private static func isOfTheGate(_ response: RawResponse) -> Bool {
        switch response.json["error"]?.string {
        case "AuthMissing": response.json["message"] == "the session has ended"
        case "CredentialRevoked": true
        case "Forbidden": response.json["message"] == "this kind of authentication is not accepted for the method"
        case "SpaceNotFound": response.json["message"] == "the space does not exist"
        default: false
        }
    }

    /// The session of the owner; for the one method that takes none, a delegation token and its proof.
    private func headers(of name: String, _ names: Names, _ running: Running) throws -> [String] {
        guard name == "com.atproto.space.getSpaceCredential" else { return ["Authorization: Bearer \(names.token)"] }
        let url = "http://127.0.0.1:\(running.port)/xrpc/\(name)"
        let proof = try DPoPProof.make(
            for: .init(method: "POST", url: url, accessToken: nil), key: try PrivateKey.generate(.p256),
            at: try running.service.now())
        return ["Authorization: Bearer \(names.delegation)", "DPoP: \(proof)"]
    }
}

private struct EveryAccount: AuthorityDirectory {
    let era = 0
    func isHosted(_ did: DID, in tables: any TableReader, since era: Int?) -> Bool { true }
    func isServiceAuthority(_ did: DID) -> Bool { false }
}
