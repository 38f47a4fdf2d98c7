import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// The same questions of permissioned spaces: members, policies, spaces in spaces, sessions, invites and credentials.
@Suite struct SpaceQuestionLawTests {
    /// A drawn world of three spaces, in which members come and go.
    private struct World {
        let rig: GraphRig
        var random: RandomAuthority
        var spaces: [Space] = []
        var principals: [DID] = []
        var edges: [Snapshot.EdgeID] = []
        let now = Timestamp(seconds: 1_700_000_000)

        static let abilities: [Ability] = [
            .spaceRead, .spaceReadSelf, .spaceWrite, .spaceCreate, .spaceManage, .spaceBelong, .spaceKnow,
            .spaceManageUpdate,
        ]

        init(_ generator: SeededGenerator) throws {
            rig = try GraphRig()
            random = RandomAuthority(generator)
            let owners = [try DID("did:web:alice.example"), try DID("did:plc:bob"), try DID("did:plc:carol")]
            principals =
                owners + [
                    try DID("did:plc:dan"), try DID(KeyName.did("Erin")), try DID(session: "s1"), try DID(invite: "i1"),
                    .anyone,
                ]
            for (place, owner) in owners.enumerated() {
                let space = try Space("at://\(owner)/space/com.example.forum/s\(place)")
                spaces.append(space)
                try admit(.ownership, space, owner, [.spaceManage])
                if random.percent(80) { try admit(.policy, space, DID(space: space), [.spaceListRead]) }
                if random.percent(80) { try admit(.policy, space, DID(space: space), [.spaceListWrite]) }
                if random.percent(20) { try admit(.policy, space, .anyone, [.spaceRead]) }
                if random.percent(20) { try admit(.policy, space, DID(space: space), [.spaceDescribe]) }
            }
            for _ in 0..<random.int(3, 14) {
                let space = random.pick(spaces)
                let member = random.percent(30) ? DID(space: random.pick(spaces)) : random.pick(principals.dropLast())
                guard member != DID(space: space) else { continue }
                let ability = random.pick([Ability.spaceRead, .spaceReadSelf, .spaceWrite, .spaceManage])
                try admit(.membership, space, member, [ability, .spaceBelong])
                if random.percent(25), let edge = edges.last {
                    _ = try rig.writer.end(edge, EdgeEnd(by: space.owner, reason: "removed"), at: now)
                    rig.writer.commit()
                }
            }
            if random.percent(50) { try admit(.appAccess, random.pick(spaces), .anyone, [.spaceConnect]) }
            principals += spaces.map(DID.init(space:))
        }

        mutating func admit(_ kind: EdgeKind, _ space: Space, _ audience: DID, _ abilities: [Ability]) throws {
            let statement = HostStatement(
                kind: kind, issuer: space.owner, audience: audience,
                capabilities: abilities.map { Capability(resource: .atproto(space: space, path: nil), ability: $0) },
                expires: nil, proofs: [])
            guard case .admitted(let admitted, _, _) = try rig.writer.admit(statement, at: now) else { return }
            rig.writer.commit()
            edges.append(admitted.edge)
        }

        func isAllowed(_ principal: DID, _ ability: Ability, _ resource: Resource) -> Bool {
            rig.graph.snapshot().answer(
                CheckQuestion(principal: principal, ability: ability, resource: resource), at: now
            ).isAllowed
        }
    }

    @Test func whoCanIsEverybodyTheGateAllowsButByWhatEverybodyMay() throws {
        try Property.hold("who can in spaces", cases: 120) { generator in
            var world = try World(generator)
            let snapshot = world.rig.graph.snapshot()
            for space in world.spaces {
                for ability in World.abilities {
                    let path = world.random.percent(40) ? "did:plc:dan" : nil
                    let resource = Resource.atproto(space: space, path: path)
                    let page = try snapshot.whoCan(
                        WhoCanQuestion(ability: ability, resource: resource), after: nil, limit: 1000, now: world.now)
                    let found = page.rows.map(\.principal)
                    guard Set(found).count == found.count, page.capped == nil else { return "somebody stands twice" }
                    guard page.everyone == world.isAllowed(.anyone, ability, resource) else { return "everyone" }
                    for principal in world.principals {
                        let isAllowed = world.isAllowed(principal, ability, resource)
                        guard isAllowed || !found.contains(principal) else { return "\(principal) may not \(ability)" }
                        guard !isAllowed || found.contains(principal) || page.everyone else {
                            return "\(principal) may \(ability) on \(resource) and is not named"
                        }
                    }
                }
            }
            return nil
        }
    }

    @Test func whatCanIsWhatTheGateAllows() throws {
        var unmet = 0
        try Property.hold("what can in spaces", cases: 120) { generator in
            let world = try World(generator)
            let snapshot = world.rig.graph.snapshot()
            for principal in world.principals {
                let everywhere = try snapshot.whatCan(
                    WhatCanQuestion(principal: principal), after: nil, limit: 1000, now: world.now)
                for space in world.spaces {
                    var question = WhatCanQuestion(principal: principal, space: space)
                    let own = try snapshot.whatCan(question, after: nil, limit: 1000, now: world.now)
                    let here = everywhere.rows.filter { $0.resource.space == space }
                    guard Set(own.rows.map(\.name)) == Set(here.map(\.name)) else {
                        return "\(principal) in \(space): \(own.rows.map(\.name)), not \(here.map(\.name))"
                    }
                    question.withPublic = true
                    let page = try snapshot.whatCan(question, after: nil, limit: 1000, now: world.now)
                    for row in page.rows {
                        guard let ability = row.ability else { continue }
                        let answer = snapshot.answer(
                            CheckQuestion(principal: principal, ability: ability, resource: row.resource),
                            at: world.now)
                        unmet += row.unmet == nil ? 0 : 1
                        guard answer.isAllowed == (row.unmet == nil) else {
                            return "\(principal) and \(row.name): \(answer), unmet: \(row.unmet?.code ?? "nothing")"
                        }
                    }
                    for ability in World.abilities {
                        let resource = Resource.atproto(space: space, path: nil)
                        let verdict = snapshot.check(
                            CheckQuestion(principal: principal, ability: ability, resource: resource), at: world.now)
                        let isShown = page.rows.contains { row in
                            guard row.resource.space == space else { return false }
                            return row.ability.map { snapshot.registry.covers(held: $0, required: ability) } ?? true
                        }
                        guard isShown == verdict.isAllowed else {
                            return "\(principal) and \(ability) on \(space): \(verdict.name), shown: \(isShown)"
                        }
                    }
                }
            }
            return nil
        }
        #expect(unmet > 20)
    }

    @Test func addingTheMemberAFixNamesMends() throws {
        var mended = 0
        try Property.hold("fixes in spaces", cases: 120) { generator in
            var world = try World(generator)
            let space = world.random.pick(world.spaces)
            let principal = world.random.pick(world.principals.filter { $0.text.hasPrefix("did:") })
            let ability = world.random.pick([Ability.spaceReadSelf, .spaceWrite, .spaceBelong, .spaceManageUpdate])
            let question = CheckQuestion(
                principal: principal, ability: ability, resource: .atproto(space: space, path: nil))
            let snapshot = world.rig.graph.snapshot()
            guard !snapshot.answer(question, at: world.now).isAllowed else { return nil }
            let misses = snapshot.misses(question, at: world.now)
            for fix in snapshot.fixes(question, after: misses, at: world.now).fixes {
                guard fix.by.map({ world.isAllowed($0, .spaceManageUpdate, Resource(space: space)) }) ?? false else {
                    return "\(String(describing: fix.by)) does not manage \(space)"
                }
                for step in fix.steps {
                    switch step {
                    case .putMember(_, principal, let access):
                        let given: [String: [Ability]] = [
                            "read": [.spaceRead], "write": [.spaceRead, .spaceWrite], "read_self": [.spaceReadSelf],
                            "write_only": [.spaceWrite],
                        ]
                        guard var abilities = given[access.word] else { return "no such word" }
                        if access.manages { abilities.append(.spaceManage) }
                        try world.admit(.membership, space, principal, abilities + [.spaceBelong])
                    case .setPolicy(_, let ability): try world.admit(.policy, space, DID(space: space), [ability])
                    default: return "\(step)"
                    }
                }
                guard world.isAllowed(principal, ability, question.resource) else { return "\(fix) does not mend" }
                mended += 1
            }
            return nil
        }
        #expect(mended > 10)
    }

    /// A space that the asker may not know of is answered as one that is not there.
    @Test func whoMayNotKnowASpaceIsToldWhatIsToldOfNone() throws {
        try Property.hold("sameness of fixes", cases: 60) { generator in
            let world = try World(generator)
            let snapshot = world.rig.graph.snapshot()
            let stranger = try DID("did:plc:mallory")
            for space in world.spaces where !snapshot.mayKnow(stranger, of: space, at: world.now) {
                let none = try Space("at://\(space.owner)/space/com.example.forum/none")
                for ability in World.abilities {
                    let told = [space, none].map { space in
                        let question = CheckQuestion(
                            principal: stranger, ability: ability, resource: .atproto(space: space, path: nil))
                        let viewer = QuestionViewer.party(stranger, knowsUnit: false)
                        let misses = snapshot.misses(question, at: world.now, for: viewer)
                        let fixes = snapshot.fixes(question, after: misses, at: world.now, for: viewer)
                        return "\(misses.shown) \(misses.moreCount) \(fixes)"
                            .replacing(space.text, with: "space")
                    }
                    guard told[0] == told[1] else { return "\(told[0])\nis told apart from\n\(told[1])" }
                }
            }
            return nil
        }
    }

    @Test func theEndOfAMembershipIsNamedByWhatItWas() throws {
        var world = try World(SeededGenerator(seed: 1))
        let (space, gone) = (world.spaces[0], try DID("did:plc:gone"))
        try world.admit(.policy, space, DID(space: space), [.spaceListRead])
        try world.admit(.membership, space, gone, [.spaceRead])
        let edge = try #require(world.edges.last)
        _ = try world.rig.writer.end(edge, EdgeEnd(by: space.owner, reason: "removed"), at: world.now)
        world.rig.writer.commit()
        let snapshot = world.rig.graph.snapshot()
        let question = CheckQuestion(
            principal: gone, ability: .spaceReadSelf, resource: .atproto(space: space, path: nil))
        let miss = try #require(snapshot.misses(question, at: world.now).shown.first)
        #expect(miss.edge == edge && miss.first?.code(in: snapshot) == "memberRemoved" && miss.cost == 70)
    }
}

extension WhatCanRow {
    /// What the row says, by itself.
    fileprivate var name: String {
        "\(ability?.text ?? "everything") on \(resource) by \(by) \(route.map(\.edge)) \(unmet?.code ?? "")"
    }
}
