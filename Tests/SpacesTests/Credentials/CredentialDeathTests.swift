import ATProto
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// What ends a credential, and what is told of it (4.8, 5; conformance item 14).
@Suite struct CredentialDeathTests {
    private let rig: CredentialRig
    private let forum: SpaceURI

    init() throws {
        rig = try CredentialRig()
        forum = try rig.spaces.create("forum")
        try rig.spaces.add("bob", to: forum, .writer)
    }

    /// What happens to a credential of bob's, given with its id.
    struct Event: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let refusal: String
        let reason: String
        let happens: @Sendable (CredentialRig, SpaceURI, String) throws -> Void

        init(
            _ name: String, _ reason: String, refusal: String = "CredentialRevoked",
            _ happens: @escaping @Sendable (CredentialRig, SpaceURI, String) throws -> Void
        ) {
            testDescription = name
            self.refusal = refusal
            self.reason = reason
            self.happens = happens
        }

        static let all = [
            Event("the member is removed", "user_removed") { rig, space, _ in
                try rig.spaces.remove("bob", from: space)
            },
            Event("the member no longer reads", "user_removed") { rig, space, _ in
                try rig.spaces.add("bob", to: space, .write)
            },
            Event("the member reads its own only", "user_removed") { rig, space, _ in
                try rig.spaces.add("bob", to: space, .readSelf)
            },
            Event("the list no longer decides", "policy_changed") { rig, space, _ in
                let policy = "com.atproto.simplespace.defs#managingAppPolicy"
                try rig.spaces.update(
                    space, #"{"readPolicy":{"$type":"\#(policy)","managingApp":"did:web:a.example#f"}}"#)
            },
            Event("the application is not on a list", "app_removed") { rig, space, _ in
                try rig.spaces.update(
                    space, #"{"appAccess":{"type":"allowList","allowed":["https://a.example/c.json"]}}"#)
            },
            Event("the space is deleted", "space_deleted", refusal: "SpaceNotFound") { rig, space, _ in
                try rig.spaces.delete(space)
            },
            Event("the session ends", "session_ended") { rig, _, _ in try rig.endSession("bob") },
            Event("a manager takes it back", "revoked") { rig, space, id in
                let permit = try rig.spaces.permit(.manageCredentials, "alice", on: space)
                try rig.credentials.revoke(permit, id: id, at: rig.start)
            },
        ]
    }

    @Test(arguments: Event.all)
    func aCredentialDiesAtOnceAndForAReason(_ event: Event) throws {
        let credential = try rig.mint("bob", on: forum)
        let other = try rig.mint("alice", on: forum)
        let reader = try rig.reader(credential)
        let held = try rig.spaces.gate.permit(.readRecords(author: nil), reader, on: forum, at: rig.start)
        #expect(try rig.reading(credential) == nil)
        try event.happens(rig, forum, credential.id)
        #expect(try rig.reading(credential) == event.refusal)
        // A permit taken before does not outlive it either.
        #expect(throws: AccessRefusal.self) {
            try rig.spaces.store.transact(at: rig.start) { _ = try held.confirmed(in: $0) }
        }
        try rig.sweep.run(at: rig.start)
        #expect(try rig.reasons(forum)[credential.id] == event.reason)
        let isShared = ["app_removed", "space_deleted"].contains(event.reason)
        #expect(try (rig.reading(other) == nil) != isShared, "only what rested on it dies")
    }

    @Test func aCredentialRunsOut() throws {
        let credential = try rig.mint("bob", on: forum)
        let second = { Timestamp(seconds: credential.expiresAt + $0) }
        #expect(try rig.reading(credential, at: second(4)) == nil, "clocks may differ by five seconds")
        #expect(try rig.reading(credential, at: second(5)) == "CredentialRevoked")
        try rig.sweep.run(at: second(66))
        #expect(try rig.issued(forum).isEmpty && rig.reasons(forum).isEmpty)
    }

    @Test func whoComesBackGetsANewOneAndTheOldStaysDead() throws {
        let credential = try rig.mint("bob", on: forum)
        try rig.spaces.remove("bob", from: forum)
        #expect(rig.name { try rig.mint("bob", on: forum) } == "SpaceNotFound")
        try rig.spaces.add("bob", to: forum, .writer)
        #expect(try rig.reading(credential) == "CredentialRevoked")
        #expect(try rig.reading(try rig.mint("bob", on: forum)) == nil)
    }

    @Test func anApplicationOnADenyListIsMetWithTheFirstCredential() throws {
        try rig.spaces.update(forum, #"{"appAccess":{"type":"denyList","denied":["https://bad.example/c.json"]}}"#)
        #expect(rig.name { try rig.mint("bob", on: forum) } == "AppNotAuthorized")
        #expect(rig.name { try rig.mint("bob", on: forum, app: "https://bad.example/c.json") } == "AppNotAuthorized")
        let first = try rig.mint("bob", on: forum, app: "https://good.example/c.json")
        let second = try rig.mint("bob", on: forum, app: "https://good.example/c.json")
        let third = try rig.mint("bob", on: forum, app: "https://fine.example/c.json")
        let connect = try rig.view(first.text)?.proofs.filter { rig.graph.view($0).kind == .appAccess }
        #expect(try connect == rig.view(second.text)?.proofs.filter { rig.graph.view($0).kind == .appAccess })
        try rig.spaces.update(
            forum,
            #"{"appAccess":{"type":"denyList","denied":["https://bad.example/c.json","https://good.example/c.json"]}}"#
        )
        #expect(try rig.reading(first) == "CredentialRevoked" && rig.reading(second) == "CredentialRevoked")
        #expect(try rig.reading(third) == nil)
        #expect(try rig.reasons(forum) == [first.id: "app_removed", second.id: "app_removed"])
    }

    // MARK: changes that keep the right to read

    struct Kept: Sendable, CustomTestStringConvertible {
        let testDescription: String
        /// Whether bob may write after it.
        let writes: Bool
        let happens: @Sendable (CredentialRig, SpaceURI) throws -> Void

        static let all = [
            Kept(testDescription: "putMember takes writing away", writes: false) { rig, space in
                try rig.put("bob", on: space, read: true, write: false)
            },
            Kept(testDescription: "addMember takes writing away", writes: false) { rig, space in
                try rig.spaces.add("bob", to: space, .reader)
            },
            Kept(testDescription: "and gives it back", writes: true) { rig, space in
                try rig.put("bob", on: space, read: true, write: false)
                try rig.put("bob", on: space, read: true, write: true)
            },
            Kept(testDescription: "managing is given and taken", writes: true) { rig, space in
                try rig.spaces.add("bob", to: space, [.read, .write, .manage])
                try rig.spaces.add("bob", to: space, .writer)
            },
            Kept(testDescription: "the write policy asks the list no more", writes: false) { rig, space in
                let policy = "com.atproto.simplespace.defs#managingAppPolicy"
                try rig.spaces.update(
                    space, #"{"writePolicy":{"$type":"\#(policy)","managingApp":"did:web:a.example#f"}}"#)
            },
            Kept(testDescription: "and asks it again", writes: true) { rig, space in
                let names = "com.atproto.simplespace.defs#"
                try rig.spaces.update(
                    space,
                    #"{"writePolicy":{"$type":"\#(names)managingAppPolicy","managingApp":"did:web:a.example#f"}}"#)
                try rig.spaces.update(space, #"{"writePolicy":{"$type":"\#(names)memberListPolicy"}}"#)
            },
        ]
    }

    @Test(arguments: Kept.all) func whatKeepsTheRightToReadKeepsItsCredentials(_ kept: Kept) throws {
        let credential = try rig.mint("bob", on: forum)
        let writer = CheckQuestion(
            principal: try rig.spaces.did("bob"), ability: .spaceWrite,
            resource: .atproto(space: try Space(forum), path: nil))
        let before = rig.graph
        #expect(before.check(writer, at: rig.start).isAllowed)
        try kept.happens(rig, forum)
        #expect(try rig.reading(credential) == nil)
        #expect(try rig.reasons(forum)[credential.id] == nil, "and no host is told that it ended")
        // What was dropped is over with the same answer.
        #expect(rig.graph.check(writer, at: rig.start).isAllowed == kept.writes)
        try rig.put("bob", on: forum, read: false, write: true)
        #expect(try rig.reading(credential) == "CredentialRevoked")
    }

    /// A change of what the list may give of one side leaves alone what rests on the other.
    @Test func ofManyAtOnceEachRestsOnItsOwn() throws {
        let (team, inner) = (try rig.spaces.create("team", of: "carol"), "dave")
        try rig.spaces.add(inner, to: team, .writer, by: "carol")
        try rig.spaces.add(space: team, to: forum, .reader)
        for name in ["erin", "frank"] { try rig.spaces.add(name, to: forum, .writer) }
        let names = ["bob", "bob", "erin", "frank", inner]
        let held = try names.map { ($0, try rig.mint($0, on: forum)) }
        let policy = "com.atproto.simplespace.defs#"
        try rig.spaces.update(
            forum, #"{"writePolicy":{"$type":"\#(policy)managingAppPolicy","managingApp":"did:web:a.example#f"}}"#)
        try rig.spaces.update(forum, #"{"writePolicy":{"$type":"\#(policy)memberListPolicy"}}"#)
        for (name, credential) in held {
            #expect(try rig.reading(credential) == nil, "\(name)")
        }
        try rig.spaces.remove("bob", from: forum)
        for (name, credential) in held {
            #expect(try (rig.reading(credential) == nil) == (name != "bob"), "\(name)")
        }
    }

    /// However a credential of a member whose rights were changed is named, ending it ends it.
    @Test(arguments: ["its own edge", "its id", "the session", "the application", "removal"])
    func afterChangesItDiesAsAnyOther(_ how: String) throws {
        let (rig, forum) = (rig, forum)
        let (credential, other) = (try rig.mint("bob", on: forum), try rig.mint("alice", on: forum))
        for write in [false, true, false] { try rig.put("bob", on: forum, read: true, write: write) }
        #expect(try rig.reading(credential) == nil)
        func end(_ edge: Multihash) throws {
            let permit = try rig.spaces.permit(.endEdge(edge), "alice", on: forum)
            #expect(try SpaceGraph(store: rig.spaces.store).end(permit, edge, reason: "asked", at: rig.start))
        }
        switch how {
        case "its own edge": try end(rig.id(credential.text))
        case "its id":
            let permit = try rig.spaces.permit(.manageCredentials, "alice", on: forum)
            try rig.credentials.revoke(permit, id: credential.id, at: rig.start)
        case "the session": try rig.endSession("bob")
        case "the application":
            try rig.spaces.update(
                forum, #"{"appAccess":{"type":"allowList","allowed":["https://a.example/c.json"]}}"#)
        default: try rig.spaces.remove("bob", from: forum)
        }
        #expect(try rig.reading(credential) == "CredentialRevoked")
        if how != "the application" { #expect(try rig.reading(other) == nil) }
        try rig.put("bob", on: forum, read: true, write: true)
        #expect(try rig.reading(credential) == "CredentialRevoked", "and stays dead")
    }

    @Test func aCredentialOfANarrowedMemberFindsNoDeletedSpace() throws {
        let credential = try rig.mint("bob", on: forum)
        try rig.put("bob", on: forum, read: true, write: false)
        try rig.spaces.delete(forum)
        #expect(try rig.reading(credential) == "SpaceNotFound")
    }

    /// The owner of a member space comes along with it, and goes with it.
    @Test func theCredentialOfAMemberSpacesOwnerDiesWithThatSpace() throws {
        let team = try rig.spaces.create("team", of: "carol")
        try rig.spaces.add(space: team, to: forum, .reader)
        let credential = try rig.mint("carol", on: forum)
        #expect(try rig.reading(credential) == nil)
        try rig.spaces.delete(team, by: "carol")
        #expect(try rig.reading(credential) == "CredentialRevoked")
    }

    @Test func throughAMemberSpaceItLivesOnToo() throws {
        let (forum, team, credential) = try nested()
        try rig.spaces.add("dave", to: team, .reader, by: "carol")
        #expect(try rig.reading(credential) == nil)
        try rig.spaces.add(space: team, to: forum, .writer)
        #expect(try rig.reading(credential) == nil)
        try rig.spaces.add("dave", to: team, .write, by: "carol")
        #expect(try rig.reading(credential) == "CredentialRevoked")
    }

    @Test func nothingOfAMembershipOutlivesItsRemoval() throws {
        let credential = try rig.mint("bob", on: forum)
        try rig.spaces.remove("bob", from: forum)
        #expect(try rig.reading(credential) == "CredentialRevoked")
        for ability in [Ability.spaceRead, .spaceReadSelf, .spaceWrite, .spaceBelong] {
            let question = CheckQuestion(
                principal: try rig.spaces.did("bob"), ability: ability,
                resource: .atproto(space: try Space(forum), path: nil))
            #expect(!rig.graph.check(question, at: rig.start).isAllowed, "\(ability)")
        }
    }

    // MARK: Spaces in spaces

    private func nested() throws -> (forum: SpaceURI, team: SpaceURI, credential: SpaceCredential) {
        let team = try rig.spaces.create("team", of: "carol")
        try rig.spaces.add("dave", to: team, .writer, by: "carol")
        try rig.spaces.add(space: team, to: forum, .reader)
        return (forum, team, try rig.mint("dave", on: forum))
    }

    @Test func throughAMemberSpaceItRestsOnEverySpaceOnTheWay() throws {
        let (forum, team, credential) = try nested()
        #expect(try rig.reading(credential) == nil)
        let edge = try #require(try rig.view(credential.text))
        let held = Set(edge.capabilities.map { "\($0.ability) \($0.resource)" })
        #expect(held.contains("atproto.space/read \(forum)") && held.contains("atproto.space/readOnward \(team)"))
        // It names the inner space and opens nothing there.
        #expect(try rig.reading(credential, in: team) == "InvalidCredential")
        let key = CheckQuestion(
            principal: try credential.binding.holder, ability: .spaceRead,
            resource: .atproto(space: try Space(team), path: nil))
        #expect(!rig.graph.check(key, at: rig.start).isAllowed)
    }

    @Test(arguments: ["inner member", "row", "inner space", "inner policy", "inner access"])
    func itDiesWithAnyOfThem(_ lost: String) throws {
        let (forum, team, credential) = try nested()
        switch lost {
        case "inner member": try rig.spaces.remove("dave", from: team, by: "carol")
        case "row":
            try rig.spaces.members.remove(
                try rig.spaces.permit(.manageMembers, "alice", on: forum), name: team.text, at: rig.start)
        case "inner space": try rig.spaces.delete(team, by: "carol")
        case "inner policy":
            try rig.spaces.update(
                team, #"{"policy":"managing-app","managingApp":"did:web:a.example#f"}"#, by: "carol")
        default: try rig.spaces.add("dave", to: team, .write, by: "carol")
        }
        #expect(try rig.reading(credential) == "CredentialRevoked")
        #expect(try rig.reasons(forum).keys.contains(credential.id), "listed with the change itself")
    }
}
