import ATProto
import Answers
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// Tokens and credentials as edges that are listed, shown and ended like any other.
@Suite struct SpaceGraphTests {
    private let rig: SpaceRig
    private let graph: SpaceGraph
    private let forum: SpaceURI

    init() throws {
        rig = try SpaceRig()
        graph = SpaceGraph(store: rig.store)
        forum = try rig.create("forum")
        try rig.add("bob", to: forum, .writer)
        try rig.add("carol", to: forum, .reader)
    }

    /// Makes the edge and the row of a credential as a mint does; gives the edge's name.
    private func mint(_ name: String, jti: String) throws -> Multihash {
        let (rig, forum) = (rig, forum)
        let user = try rig.did(name)
        return try rig.store.transact(at: rig.start) { change in
            let place = Resource.atproto(space: try Space(forum), path: nil)
            let reading = change.graph.memberships(of: user, in: try Space(forum), at: rig.start).first {
                $0.abilities.contains(.spaceRead)
            }
            let proofs = [
                try #require(reading).edge, try #require(try change.spaces.edge(of: forum, .app)),
                try #require(try change.spaces.edge(of: forum, .listRead)),
            ]
            let edge = try change.admit(
                HostStatement(
                    kind: .spaceCredential, issuer: try rig.did("alice"),
                    audience: try DID(thumbprint: String(repeating: "k", count: 43)),
                    capabilities: [
                        Capability(resource: place, ability: .spaceRead),
                        Capability(resource: place, ability: .spaceConnect),
                        Capability(resource: place, ability: .spaceListRead),
                    ],
                    expires: Timestamp(seconds: 1_700_000_600), proofs: proofs, token: Array("token \(jti)".utf8),
                    facts: [
                        "uri": .text(forum.text), "jti": .text(jti), "subject": .text(user.text),
                        "expires": .int(1_700_000_600_000_000),
                    ]))
            return change.graph.view(edge).id
        }
    }

    private func listed(_ name: String, of person: String? = nil, _ kind: EdgeKind = .spaceCredential) throws
        -> [String]
    {
        var filters = SpaceGraph.Filters()
        filters.principal = try person.map(rig.did)
        filters.kinds = [kind]
        let permit = try rig.permit(.readGraph(of: filters.principal), name, on: forum)
        var listing = try graph.list(permit, filters, limit: 10, after: nil, at: rig.start)
        let page = try JSON.parse(listing.rest())
        return page["delegations"]?.array?.compactMap { $0["cid"]?.string } ?? []
    }

    private func text(_ id: Multihash) -> String { CID(codec: 0x55, hash: id).text }

    private func isRevoked(_ jti: String) throws -> String? {
        let forum = forum
        return try rig.store.read {
            try $0.first(
                "SELECT reason FROM credential_revocation WHERE space = ?1 AND jti = ?2",
                [.text(forum.text), .text(jti)]
            ) { $0.text(0) }
        }
    }

    @Test func credentialsConcernWhomTheyWereMintedFor() throws {
        let (his, hers) = (try mint("bob", jti: "1"), try mint("carol", jti: "2"))
        #expect(try listed("bob") == [text(his)] && listed("carol") == [text(hers)])
        #expect(try listed("alice") == [text(hers), text(his)])
        #expect(try listed("alice", of: "bob") == [text(his)])
        #expect(try listed("bob", .membership).count == 2, "one for each right")
    }

    @Test func whoHasACredentialMayEndItAndNobodyElses() throws {
        let (his, hers) = (try mint("bob", jti: "1"), try mint("carol", jti: "2"))
        #expect(try rig.refusal(.endEdge(hers), try rig.session("bob"), on: forum) == "EdgeNotFound")
        #expect(try rig.refusal(.endEdge(hers), try rig.session("dave"), on: forum) == "SpaceNotFound")
        let permit = try rig.permit(.endEdge(his), "bob", on: forum)
        #expect(throws: AccessRefusal.self) { try graph.end(permit, hers, reason: "x", at: rig.start) }
        #expect(try graph.end(permit, his, reason: "lost", at: rig.start))
        #expect(try !graph.end(permit, his, reason: "lost", at: rig.start))
        #expect(try isRevoked("1") == "revoked" && isRevoked("2") == nil)
        #expect(try listed("alice") == [text(hers)])
    }

    @Test func endingWhatACredentialRestsOnRevokesIt() throws {
        _ = try mint("bob", jti: "1")
        let hers = try mint("carol", jti: "2")
        let member = try #require(try listed("alice", of: "bob", .membership).first)
        let id = try CID(text: member.utf8).hash
        #expect(try graph.end(try rig.permit(.endEdge(id), "alice", on: forum), id, reason: "spam", at: rig.start))
        #expect(try isRevoked("1") == "user_removed" && isRevoked("2") == nil)
        #expect(try listed("alice") == [text(hers)])
        let app = try #require(try listed("alice", .appAccess).first)
        let edge = try CID(text: app.utf8).hash
        #expect(try graph.end(try rig.permit(.endEdge(edge), "alice", on: forum), edge, reason: "x", at: rig.start))
        #expect(try isRevoked("2") != nil && listed("alice").isEmpty)
    }

    @Test func bearerTokensAreNotShownAgain() throws {
        let id = try mint("bob", jti: "1")
        let permit = try rig.permit(.readGraph(of: nil), "alice", on: forum)
        var listing = try graph.chain(permit, of: id, at: rig.start)
        let bytes = try listing.rest()
        let chain = try JSON.parse(bytes)["chain"]?.array
        #expect(chain?.count == 5 && chain?.first?["withheld"] == ["raw"] && chain?.first?["raw"] == nil)
        #expect(!String(decoding: bytes, as: UTF8.self).contains("token 1"))
    }
}
