import ATProto
import CapabilityGraph
import Storage
import Testing

@testable import Spaces

/// Who may know of a space, and who is shown its members, are rights that the settings call for.
@Suite struct AcquaintanceTests {
    private static let settings = """
        {"policy":{"$type":"com.atproto.simplespace.defs#managingAppPolicy","managingApp":"did:web:app.example#forum"},\
        "config":{"membersCanList":true}}
        """

    /// What a member and a stranger are told: of the list, and whether there is such a space.
    private func told(_ rig: SpaceRig, of space: SpaceURI) throws -> [String?] {
        try ["bob", "carol"].flatMap { name in
            let caller = try rig.session(name)
            return [
                try rig.refusal(.listMembers(of: nil), caller, on: space),
                try rig.refusal(.readGraph(of: nil), caller, on: space),
            ]
        }
    }

    @Test func aFileThatLacksTheEdgesIsGivenThemWhenItIsOpened() throws {
        let rig = try SpaceRig()
        let space = try rig.create("main", Self.settings)
        try rig.add("bob", to: space, .reader)
        #expect(try told(rig, of: space) == [nil, nil, "NotSpaceOwner", nil])
        let owner = try rig.did("alice")
        // As it was before there were such rights.
        try rig.store.transact(at: rig.start) { change in
            for role in [SpaceEdges.Role.know, .listMembers] {
                let edge = try #require(try change.spaces.edge(of: space, role))
                try change.strike(edge, EdgeEnd(by: owner, reason: "policyChanged"))
            }
        }
        #expect(try told(rig, of: space) == ["NotSpaceOwner", nil, "SpaceNotFound", "SpaceNotFound"])
        let opened = try SpaceRig(copying: rig)
        #expect(try told(opened, of: space) == [nil, nil, "NotSpaceOwner", nil])
        let revision = opened.store.revision
        #expect(try SpaceRig(copying: opened).store.revision == revision, "stated once")
    }

    /// Whom it will let write cannot be told beforehand either: it is asked about anybody, which would show the space anyhow.
    @Test func aSpaceWhereAnApplicationDecidesWhoWritesIsKnownToEverybody() throws {
        let rig = try SpaceRig()
        let app =
            #"{"$type":"com.atproto.simplespace.defs#managingAppPolicy","managingApp":"did:web:app.example#forum"}"#
        let space = try rig.create("main", #"{"writePolicy":\#(app)}"#)
        let other = try rig.create(
            "other", #"{"writePolicy":{"$type":"com.atproto.simplespace.defs#memberListPolicy"}}"#)
        #expect(try rig.refusal(.listMembers(of: nil), try rig.session("carol"), on: space) == "NotSpaceOwner")
        #expect(try rig.refusal(.listMembers(of: nil), try rig.session("carol"), on: other) == "SpaceNotFound")
    }

    @Test func whoWasTakenOffTheListIsShownItNoMore() throws {
        let rig = try SpaceRig()
        let space = try rig.create("main", Self.settings)
        try rig.add("bob", to: space, .reader)
        try rig.remove("bob", from: space)
        #expect(try rig.refusal(.listMembers(of: nil), try rig.session("bob"), on: space) == "NotSpaceOwner")
    }

    /// Ended by a manager, the edge takes the settings with it that call for it; who asks an application cannot be hidden.
    @Test func theEndOfTheEdgeEndsTheSetting() throws {
        let rig = try SpaceRig()
        let space = try rig.create("main", Self.settings)
        let graph = SpaceGraph(store: rig.store)
        func end(_ role: SpaceEdges.Role) throws {
            let edge = try #require(try rig.store.spaces.edge(of: space, role))
            let id = rig.store.unprovenSnapshot().view(edge).id
            _ = try graph.end(try rig.permit(.endEdge(id), "alice", on: space), id, reason: "over", at: rig.start)
        }
        try end(.listMembers)
        #expect(try rig.store.spaces.space(space)?.settings.config.membersCanList == false)
        #expect(throws: (any Error).self) { try end(.know) }
        #expect(try rig.store.spaces.edge(of: space, .know) != nil)
    }
}
