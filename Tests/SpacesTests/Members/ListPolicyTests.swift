import ATProto
import CapTesting
import CapabilityGraph
import Storage
import Testing
import UCAN

@testable import Spaces

/// What the list of a space's members gives, and when.
@Suite struct ListPolicyTests {
    private static let managing =
        #"{"$type":"com.atproto.simplespace.defs#managingAppPolicy","managingApp":"did:web:app.example#forum"}"#
    private static let list = #"{"$type":"com.atproto.simplespace.defs#memberListPolicy"}"#

    /// However many stand on the list, a change of policy is a few entries of the log.
    @Test func aChangeOfPolicyIsTheSameForManyMembers() throws {
        let rig = try SpaceRig()
        let forum = try rig.create("forum")
        func entries(_ settings: String) throws -> UInt32 {
            let before = rig.store.revision
            try rig.update(forum, settings)
            return rig.store.revision - before
        }
        var costs: [[UInt32]] = []
        for count in [1, 300] {
            for number in 0..<count { try rig.add("m\(number)", to: forum, .writer) }
            costs.append([
                try entries(#"{"readPolicy":\#(Self.managing),"writePolicy":\#(Self.managing)}"#),
                try entries(#"{"readPolicy":\#(Self.list),"writePolicy":\#(Self.list)}"#),
            ])
        }
        #expect(costs[0] == costs[1] && costs[1].allSatisfy { $0 <= 6 }, "\(costs)")
    }

    /// A policy that no longer asks the list ends what it gave; what is asked again is given again, to who is still on it.
    @Test func whatThePolicyTakesItGivesBackToWhoIsStillOnTheList() throws {
        let rig = try SpaceRig()
        let forum = try rig.create("forum")
        for name in ["bob", "carol"] { try rig.add(name, to: forum, .writer) }
        func reads(_ name: String) throws -> String? {
            try rig.refusal(.readRecords(author: nil), try rig.session(name), on: forum)
        }
        try rig.update(forum, #"{"readPolicy":\#(Self.managing)}"#)
        #expect(try reads("bob") != nil)
        try rig.remove("carol", from: forum)
        try rig.update(forum, #"{"readPolicy":\#(Self.list)}"#)
        #expect(try reads("bob") == nil)
        #expect(try reads("carol") == "SpaceNotFound")
    }

    @Test func whatIsKeptInTablesIsFilledFromTheLogAgain() throws {
        let rig = try SpaceRig()
        let forum = try rig.create("forum")
        try rig.add("bob", to: forum, .readSelf)
        try rig.add("carol", to: forum, .writer)
        let path = rig.folder.path + "/log.sqlite"
        _ = try rig.store.transact(at: rig.start) { change in
            try change.run("UPDATE space_member SET access = 11 WHERE access = 5")
            try change.run("DELETE FROM space_member WHERE access = 3")
        }
        func compare() throws -> [ProjectionDifference] {
            try GraphStore.compareProjections(path: path, families: .standard())
        }
        #expect(try compare().map(\.table) == ["space_member"])
        rig.store.close()
        let found = try GraphStore.rebuildProjections(
            path: path, families: .standard(), at: rig.start)
        #expect(found.map(\.table) == ["space_member"] && found[0].surplus == 1 && found[0].missing == 2)
        #expect(try compare().isEmpty)
        #expect(
            try GraphStore.rebuildProjections(
                path: path, families: .standard(), at: rig.start
            ).isEmpty)
    }
}
