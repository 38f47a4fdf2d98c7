import ATProto
import CapTesting
import CapabilityGraph
import Storage
import Testing
import UCAN

@testable import Spaces

/// Spaces as members of spaces: the list and the gate say the same of everybody (atproto-spaces.md 5).
@Suite struct NestedSpaceTests {
    private let rig: SpaceRig

    init() throws { rig = try SpaceRig() }

    private func may(_ name: String, _ ability: Ability, _ space: SpaceURI) throws -> Bool {
        let question = CheckQuestion(
            principal: try rig.did(name), ability: ability, resource: .atproto(space: try Space(space), path: nil))
        return rig.store.unprovenSnapshot().check(question, at: rig.start).isAllowed
    }

    private func listed(_ name: String, _ space: SpaceURI, of owner: String) throws -> MemberAccess? {
        let did = try rig.did(name)
        return try rig.members.access(try rig.permit(.listMembers(of: did), owner, on: space), of: did)
    }

    @Test func theShortestWayCountsWhicheverCameFirst() throws {
        for isShortFirst in [true, false] {
            let spaces = try (0...10).map { try rig.create("s\($0)-\(isShortFirst)") }
            try rig.add("bob", to: spaces[10], .writer)
            // By the long way the last one is too deep; by the short one it is at depth 6.
            let short = { try rig.add(space: spaces[5], to: spaces[0], .writer) }
            if isShortFirst { try short() }
            for index in 0..<10 { try rig.add(space: spaces[index + 1], to: spaces[index], .writer) }
            #expect(try may("bob", .spaceRead, spaces[0]) == isShortFirst)
            if !isShortFirst { try short() }
            #expect(try may("bob", .spaceRead, spaces[0]) && may("bob", .spaceWrite, spaces[0]))
            #expect(try listed("bob", spaces[0], of: "alice") == .writer)
        }
    }

    /// A space that is a member of its own member holds rights in itself by that way: nobody has them by less than it names.
    @Test func aSpaceInItsOwnMemberGivesAnInvocationNothingItDoesNotName() throws {
        let (outer, inner) = (try rig.create("outer"), try rig.create("inner"))
        try rig.add("bob", to: outer, .writer)
        try rig.add(space: inner, to: outer, .writer)
        try rig.add(space: outer, to: inner, .writer)
        let whole = Resource.atproto(space: try Space(outer), path: nil)
        for name in ["alice", "bob"] {
            let question = InvocationQuestion(
                invoker: try rig.did(name), proofs: [],
                capabilities: [Capability(resource: whole, ability: .spaceWrite)])
            for ability in [Ability.spaceRead, .spaceManageUpdate, .spaceConnect] {
                let answer = rig.store.unprovenSnapshot().answer(
                    question, wanted: (ability, whole), context: nil, at: rig.start)
                #expect(!answer.isAllowed, "\(name), \(ability)")
            }
            #expect(try rig.refusal(.watch, .invocation(question), on: outer) != nil, "\(name)")
        }
    }

    /// What everybody may makes nobody a member; who is one, by a space that is, has what members have all the same.
    @Test func aMemberThroughASpaceNamesWhatEverybodyMayAndIsStillAMember() throws {
        let outer = try rig.create("outer", #"{"config":{"membersCanList":true},"readPolicy":"public"}"#)
        let inner = try rig.create("inner")
        try rig.add(space: inner, to: outer, .writer)
        _ = try rig.add("bob", to: inner, .reader)
        for (name, isMember) in [("bob", true), ("dave", false)] {
            let question = InvocationQuestion(
                invoker: try rig.did(name), proofs: [],
                capabilities: [
                    Capability(resource: .atproto(space: try Space(outer), path: nil), ability: .spaceRead)
                ])
            let refusal = try rig.refusal(.listMembers(of: nil), .invocation(question), on: outer)
            #expect((refusal == nil) == isMember, "\(name): \(refusal ?? "let through")")
        }
    }

    /// Who is mistyped is not said to be off the list.
    @Test func aMistypedMemberIsNotTakenOffAList() throws {
        let space = try rig.create("one")
        _ = try rig.add("bob", to: space, .writer)
        for name in ["did:key:zCarol", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2do"] {
            let listed = try SpaceMembers.listed(name, isSpace: false)
            #expect {
                _ = try rig.members.remove(
                    try rig.permit(.manageMembers, "alice", on: space), name: listed, at: rig.start)
            } throws: { ($0 as? ATProtoError)?.name == "InvalidRequest" }
        }
    }

    @Test func aNarrowShortWayDoesNotHideAWideLongOne() throws {
        let spaces = try (0...2).map { try rig.create("s\($0)") }
        try rig.add("bob", to: spaces[2], .writer)
        try rig.add(space: spaces[2], to: spaces[0], .reader)
        try rig.add(space: spaces[1], to: spaces[0], .writer)
        #expect(try !may("bob", .spaceWrite, spaces[0]))
        try rig.add(space: spaces[2], to: spaces[1], .write)
        #expect(try may("bob", .spaceWrite, spaces[0]) && may("bob", .spaceRead, spaces[0]))
        #expect(try listed("bob", spaces[0], of: "alice") == .writer)
    }

    @Test func listAndGateAgreeOnSpacesAtRandom() throws {
        var random = SeededGenerator.printed("nested spaces")
        let people = ["alice", "bob", "carol", "dave", "erin"]
        let levels: [MemberAccess] = [.reader, .writer, .readSelf, .write, []]
        for round in 0..<6 {
            // Enough spaces for ways that are too long, and few enough edges that they matter.
            let spaces = try (0..<14).map { index in
                let owner = people[random.int(in: 0...2)]
                return (uri: try rig.create("r\(round)-\(index)", of: owner), owner: owner)
            }
            for _ in 0..<8 {
                let space = spaces[random.int(in: 0...13)]
                try rig.add(
                    people[random.int(in: 1...4)], to: space.uri, levels[random.int(in: 0...4)], by: space.owner)
            }
            // A long way through all of them, and some that cut it short or lead round.
            var pairs = (0..<13).map { ($0, $0 + 1) }
            for _ in 0..<(round * 2) { pairs.append((random.int(in: 0...13), random.int(in: 0...13))) }
            pairs.shuffle(using: &random)
            for (outer, inner) in pairs where outer != inner {
                let level: MemberAccess = random.int(in: 0...3) == 0 ? levels[random.int(in: 0...3)] : .writer
                try rig.add(space: spaces[inner].uri, to: spaces[outer].uri, level, by: spaces[outer].owner)
            }
            for space in spaces {
                for person in people where person != space.owner {
                    let access = try listed(person, space.uri, of: space.owner)
                    let note = "seed \(random.seed), \(person) in \(space.uri): \(access?.word ?? "nobody")"
                    #expect(try may(person, .spaceBelong, space.uri) == (access != nil), "\(note)")
                    #expect(try may(person, .spaceRead, space.uri) == (access?.readsAll ?? false), "\(note)")
                    #expect(try may(person, .spaceReadSelf, space.uri) == (access?.reads ?? false), "\(note)")
                    #expect(try may(person, .spaceWrite, space.uri) == (access?.writes ?? false), "\(note)")
                }
            }
        }
    }
}
