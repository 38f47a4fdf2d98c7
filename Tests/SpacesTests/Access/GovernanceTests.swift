import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

@testable import Spaces

/// What only the host of a space can tell, asked of spaces that are governed here, held here but governed elsewhere,
/// unknown, and deleted, by every kind of caller (atproto-spaces.md 13, 14; profile N).
@Suite struct GovernanceTests {
    private let rig: CredentialRig
    private let here: SpaceURI
    private let elsewhere: SpaceURI
    private let unknown: SpaceURI
    private let deleted: SpaceURI
    private let deletedCredential: Caller
    private let edge: Multihash

    init() throws {
        rig = try CredentialRig()
        let spaces = rig.spaces
        here = try spaces.create("here")
        // Whom it was open to did not stand in it.
        deleted = try spaces.create("deleted", #"{"config":{"membershipPublic":true}}"#)
        elsewhere = try SpaceURI(authority: "did:web:other.example", type: SpaceRig.type, skey: "main")
        unknown = try spaces.uri("unknown")
        for space in [here, deleted] { try spaces.add("bob", to: space, .writer) }
        deletedCredential = try rig.reader(try rig.mint("bob", on: deleted))
        try spaces.delete(deleted)
        // What bob wrote elsewhere is kept here.
        let batch = WriteBatch(
            space: elsewhere, author: try spaces.did("bob").text, writes: [try RepoRig.put("a", "far")])
        let permit = try spaces.permit(batch.operation, "bob", on: elsewhere)
        _ = try RepoStore(spaces.store).applyWrites(permit, batch, at: rig.start)
        edge = Multihash(code: .blake3_256, digest: BLAKE3.hash([]))
    }

    /// A credential that the authority of the space minted, wherever that is.
    private func credential(of space: SpaceURI) throws -> Caller {
        switch space {
        case here: try rig.reader(try rig.mint("bob", on: space))
        case deleted: deletedCredential
        default:
            .credential(
                space: space, key: try PrivateKey.generate(.p256).did, edge: rig.id("of \(space)"), jti: "x",
                expires: rig.start.advanced(bySeconds: 600))
        }
    }

    private func invocation(by name: String, on space: SpaceURI) throws -> Caller {
        let all = try [Ability.spaceRead, .spaceBelong].map {
            Capability(resource: .atproto(space: try Space(space), path: nil), ability: $0)
        }
        return .invocation(
            InvocationQuestion(invoker: try rig.spaces.did(name), proofs: [], capabilities: all))
    }

    private enum Standing: CaseIterable { case here, elsewhere, unknown, deleted }

    private func space(_ standing: Standing) -> SpaceURI {
        switch standing {
        case .here: here
        case .elsewhere: elsewhere
        case .unknown: unknown
        case .deleted: deleted
        }
    }

    /// What is answered in the four standings, each as one word or several that may be; `ok` lets it through.
    private static let rows: [(caller: String, reads: [String], manages: [String])] = [
        (
            "alice", ["ok", "SpaceNotFound", "SpaceNotFound", "SpaceDeleted"],
            ["ok", "SpaceNotFound", "SpaceNotFound", "SpaceDeleted ok"]
        ),
        (
            "bob", ["ok", "SpaceNotFound", "SpaceNotFound", "SpaceDeleted"],
            ["NotSpaceOwner EdgeNotFound", "SpaceNotFound", "SpaceNotFound", "SpaceDeleted"]
        ),
        (
            "carol", ["SpaceNotFound", "SpaceNotFound", "SpaceNotFound", "SpaceNotFound"],
            ["SpaceNotFound", "SpaceNotFound", "SpaceNotFound", "SpaceNotFound"]
        ),
        (
            "credential", ["ok", "SpaceNotFound", "CredentialRevoked", "SpaceDeleted SpaceNotFound CredentialRevoked"],
            ["Forbidden", "Forbidden", "Forbidden", "Forbidden"]
        ),
        (
            "service", ["ok", "SpaceNotFound", "SpaceNotFound", "SpaceDeleted"],
            ["NotSpaceOwner EdgeNotFound", "SpaceNotFound", "SpaceNotFound", "SpaceDeleted"]
        ),
        (
            "invocation", ["ok", "SpaceNotFound", "SpaceNotFound", "SpaceDeleted"],
            ["NotSpaceOwner EdgeNotFound", "SpaceNotFound", "SpaceNotFound", "SpaceDeleted"]
        ),
        (
            "anonymous", ["AuthMissing", "AuthMissing", "AuthMissing", "AuthMissing"],
            ["AuthMissing", "AuthMissing", "AuthMissing", "AuthMissing"]
        ),
    ]

    private func caller(_ name: String, on space: SpaceURI) throws -> Caller {
        switch name {
        case "credential": try credential(of: space)
        case "service": .service(issuer: try rig.spaces.did("bob"), audience: space.authority, method: "x")
        case "invocation": try invocation(by: "bob", on: space)
        case "anonymous": .anonymous
        default: try rig.spaces.session(name)
        }
    }

    @Test func onlyTheHostOfASpaceTellsWhatConcernsAllOfIt() throws {
        let reads: [Spaces.Operation] = [.listRepos, .registerNotify, .watch, .readSettings]
        let manages: [Spaces.Operation] = [
            .readConfig, .updateSpace, .deleteSpace, .manageMembers, .manageInvites, .manageCredentials,
            .listMembers(of: nil), .endEdge(edge),
        ]
        for row in Self.rows {
            for (operations, expected) in [(reads, row.reads), (manages, row.manages)] {
                for operation in operations {
                    for (standing, words) in zip(Standing.allCases, expected) {
                        let space = space(standing)
                        let found = try rig.spaces.refusal(operation, try caller(row.caller, on: space), on: space)
                        let allowed = words.split(separator: " ").map(String.init)
                        // Who manages a space is told of an edge that is none of its.
                        let isEdge = operation == .endEdge(edge) && standing == .here && row.caller == "alice"
                        #expect(
                            isEdge ? found == "EdgeNotFound" : allowed.contains(found ?? "ok"),
                            "\(operation) by \(row.caller), \(standing): \(found ?? "ok"), not \(words)")
                    }
                }
            }
        }
    }

    /// What concerns one repo is told by whoever holds it.
    @Test func aCredentialReadsReposWhereverTheSpaceIsGoverned() throws {
        let bob = try rig.spaces.did("bob")
        for author in [bob, nil] {
            let operation = Spaces.Operation.readRecords(author: author)
            for space in [here, elsewhere] {
                #expect(try rig.spaces.refusal(operation, try credential(of: space), on: space) == nil)
            }
            #expect(
                try rig.spaces.refusal(operation, try credential(of: elsewhere), on: here) == "InvalidCredential")
        }
    }
}
