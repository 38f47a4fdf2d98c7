import ATProto
import CapabilityGraph
import Testing
import UCAN

@testable import Spaces

/// Spaces whose records anybody may read (21.4), and principals with long names.
@Suite struct OpenSpaceTests {
    private let rig: CredentialRig
    private let forum: SpaceURI

    init() throws {
        rig = try CredentialRig()
        forum = try rig.spaces.create(
            "forum", #"{"config":{"recordsPublic":true},"appAccess":{"type":"allowList","allowed":[]}}"#)
    }

    @Test func whoIsSignedInReadsNoLessThanWhoIsNot() throws {
        let alice = try rig.spaces.did("alice")
        for caller in [Caller.anonymous, try rig.spaces.session("carol"), try rig.spaces.session("alice")] {
            for operation: Spaces.Operation in [.readRecords(author: alice), .readRecords(author: nil), .listRepos] {
                #expect(try rig.spaces.refusal(operation, caller, on: forum) == nil, "\(operation) \(caller)")
            }
            #expect(try rig.spaces.refusal(try rig.spaces.write("carol"), caller, on: forum) != nil)
        }
        try rig.spaces.update(forum, #"{"config":{"recordsPublic":false}}"#)
        #expect(try rig.spaces.refusal(.listRepos, .anonymous, on: forum) == "AuthMissing")
        #expect(try rig.spaces.refusal(.listRepos, try rig.spaces.session("carol"), on: forum) == "SpaceNotFound")
    }

    @Test func aCredentialOfSuchASpaceDiesWhenItCloses() throws {
        try rig.spaces.update(forum, #"{"appAccess":{"type":"open"}}"#)
        let credential = try rig.mint("carol", on: forum)
        #expect(try rig.reading(credential) == nil)
        try rig.spaces.update(forum, #"{"config":{"recordsPublic":false}}"#)
        #expect(try rig.reading(credential) == "CredentialRevoked")
        #expect(try rig.reasons(forum) == [credential.id: "policy_changed"])
    }

    @Test(arguments: [
        #"{"config":{"membersCanList":true}}"#, #"{"config":{"membersCanList":true},"readPolicy":"public"}"#,
    ])
    func readersOfAnOpenSpaceAreNotItsMembers(_ settings: String) throws {
        try rig.spaces.update(forum, settings)
        try rig.spaces.add("bob", to: forum, .reader)
        func lists(_ name: String) throws -> String? {
            try rig.spaces.refusal(.listMembers(of: nil), try rig.spaces.session(name), on: forum)
        }
        #expect(try lists("bob") == nil && lists("alice") == nil)
        #expect(try lists("carol") == "NotSpaceOwner")
    }

    @Test func everyDIDOfASpaceCanBeAPrincipal() throws {
        let long = "did:example:" + String(repeating: "a", count: ATProtoDID.maximumLength - 12)
        let space = try SpaceURI("at://\(long)/space/com.example.forum/main")
        #expect(try Space(space).owner.text == long)
        #expect(try rig.spaces.refusal(.readSettings, try rig.spaces.session("bob"), on: space) == "SpaceNotFound")
        let added = try rig.spaces.members.add(
            try rig.spaces.permit(.manageMembers, "alice", on: forum),
            try SpaceMembers.Addition(
                name: long, isSpace: false, access: .reader, usual: .reader, refusesExisting: false), at: rig.start)
        #expect(added.name == long)
    }
}
