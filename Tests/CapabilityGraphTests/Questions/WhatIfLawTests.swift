import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// What is simulated is what happens: the change is made for real in a second world, and every question asked of both.
@Suite struct WhatIfLawTests {
    /// A few endings: of edges, of all that somebody received, of all that a key signed or received.
    private func draw(_ world: inout QuestionWorld) throws -> WhatIfQuestion {
        var changes: [SupposedChange] = []
        for _ in 0..<world.random.int(1, 3) {
            switch world.random.int(0, 9) {
            case 0: changes.append(.compromised(try Plain.did(world.random.pick(RandomAuthority.principals))))
            case 1: changes.append(.received(try Plain.did(world.random.pick(RandomAuthority.principals))))
            default:
                guard !world.reference.order.isEmpty else { continue }
                let name = world.random.pick(world.reference.order)
                guard let statement = world.reference.statement(name) else { continue }
                changes.append(.revoke(Plain.multihash(statement.id)))
            }
        }
        return WhatIfQuestion(changes)
    }

    @Test func whatIsLostAndKeptIsWhatTheReferenceSays() throws {
        var (lost, kept) = (0, 0)
        try Property.hold("what if", cases: 100) { generator in
            var world = try QuestionWorld(generator, steps: 40)
            let at = world.random.now
            let now = Timestamp(microseconds: at)
            let question = try draw(&world)
            let page = try world.snapshot.whatIf(question, after: nil, limit: 10_000, now: now)
            var after = world.reference
            for edge in page.ended {
                guard let statement = world.statement(edge) else { return "an edge of no statement" }
                let revocation = PlainRevocation(
                    id: "what if \(statement.id)", target: statement.id, signer: statement.issuer)
                guard after.revoke(revocation, urn: Plain.urn, at: at) == "revoked" else { return "not revoked" }
            }
            let live = (world.reference.liveGrants(at: at), after.liveGrants(at: at))
            var expected: [String: Int] = [:]
            var found: [String: Int] = [:]
            for grant in live.0.subtracting(live.1) {
                guard let statement = world.reference.statement(grant.statement) else { return "no statement" }
                let capability = statement.capabilities[grant.index]
                let isKept = after.isAllowed(
                    statement.audience, capability.ability, capability.resource, context: capability.caveats,
                    live: live.1)
                // Under caveats a use may be refused for what it does not say, before and after.
                let word = capability.caveats.isEmpty ? isKept ? "kept" : "lost" : "narrowed"
                expected["\(word) \(statement.audience) \(capability.ability) \(capability.resource)", default: 0] += 1
            }
            for row in page.rows {
                switch row {
                case .lost(let use, let remains):
                    lost += 1
                    let (principal, capability, by) = (use.principal, use.capability, use.by)
                    let word = capability.caveats.isEmpty ? "lost" : "narrowed"
                    found["\(word) \(principal) \(capability.ability) \(capability.resource)", default: 0] += 1
                    guard !by.isEmpty, by.allSatisfy(page.ended.contains) else { return "lost by nothing" }
                    for left in remains where left.caveats.isEmpty {
                        guard
                            after.isAllowed(principal.text, left.ability.text, left.resource.text, live: live.1)
                        else { return "\(left) does not remain" }
                    }
                case .kept(let use, _):
                    kept += 1
                    let (principal, capability) = (use.principal, use.capability)
                    let word = capability.caveats.isEmpty ? "kept" : "narrowed"
                    found["\(word) \(principal) \(capability.ability) \(capability.resource)", default: 0] += 1
                default: break
                }
            }
            guard expected == found else { return "\(question.changes): \(found), expected \(expected)" }
            guard page.counts.lost + page.counts.kept == live.0.subtracting(live.1).count, page.capped == nil else {
                return "\(page.counts)"
            }
            return nil
        }
        #expect(lost > 50 && kept > 5, "\(lost) lost, \(kept) kept")
    }

    @Test func theOverlayAnswersAsTheWorldInWhichItWasDone() throws {
        try Property.hold("overlay is doing", cases: 80) { generator in
            var world = try QuestionWorld(generator, steps: 40)
            let at = world.random.now
            let now = Timestamp(microseconds: at)
            let before = try GraphDump.lines(world.snapshot, at: [at])
            var budget = QuestionBudget(Snapshot.maxSupposedVisits)
            let plan = world.snapshot.plan(try draw(&world), at: now, &budget)
            let overlaid = world.snapshot.ending(plan.ended, by: .anyone)
            let done = try world.copy()
            for edge in plan.ended.sorted() {
                _ = try done.writer.end(Snapshot.EdgeID(raw: edge), EdgeEnd(by: .anyone, reason: "done"), at: now)
            }
            done.writer.commit()
            let real = done.graph.snapshot()
            for edge in 0..<UInt32(world.snapshot.edgeCount) {
                guard "\(overlaid.status(of: edge, at: at))" == "\(real.status(of: edge, at: at))" else {
                    return "the state of \(edge)"
                }
            }
            for _ in 0..<40 {
                let asked = try world.probe().question()
                let (left, right) = (overlaid.check(asked, at: now), real.check(asked, at: now))
                guard left.name == right.name, left == right || !left.isAllowed else {
                    return "\(left), done: \(right)"
                }
                let who = WhoCanQuestion(ability: asked.ability, resource: asked.resource, context: asked.context)
                let pages = try [overlaid, real].map { snapshot in
                    try snapshot.whoCan(who, after: nil, limit: 1000, now: now).rows
                        .map { "\($0.principal) \($0.route.map(\.edge.raw))" }
                }
                guard pages[0] == pages[1] else { return "who can: \(pages)" }
            }
            for text in RandomAuthority.spaces {
                guard let space = try? Space(text) else { continue }
                let query = ListQuery(
                    space: space, asker: try world.snapshot.asker(invoker: space.owner, proofs: [], at: now))
                let lists = [overlaid, real].map { snapshot in
                    sequence(state: snapshot.walk(query, now: now)) { $0.next() }.map { "\($0)" }
                }
                guard lists[0] == lists[1] else { return "the lists of \(text)" }
            }
            guard try GraphDump.lines(world.rig.graph.snapshot(), at: [at]) == before else {
                return "something was changed"
            }
            return nil
        }
    }

    @Test func pagesOfEverySizeHoldTheSameRows() throws {
        try Property.hold("pages of what if", cases: 60) { generator in
            var world = try QuestionWorld(generator, steps: 40)
            let now = Timestamp(microseconds: world.random.now)
            let question = try draw(&world)
            let whole = try world.snapshot.whatIf(question, after: nil, limit: 10_000, now: now)
            for size in [1, 2, 3, 7, whole.rows.count + 1] {
                var (rows, cursor): ([String], QuestionCursor?) = ([], nil)
                repeat {
                    let page = try world.rig.graph.snapshot(at: cursor == nil ? world.snapshot.revision : .max).whatIf(
                        question, after: cursor, limit: size, now: now)
                    rows += page.rows.map { "\($0)" }
                    guard page.rows.count <= size, page.counts == whole.counts else { return "a page too large" }
                    cursor = try page.cursor.map { try QuestionCursor($0.text) }
                    _ = try world.rig.play(world.random.step())
                    world.rig.writer.commit()
                } while cursor != nil
                guard rows == whole.rows.map({ "\($0)" }) else { return "pages of \(size)" }
            }
            return nil
        }
    }

    // MARK: permissioned spaces

    @Test func membersLoseWhatTheGateRefusesThem() throws {
        var (lost, kept, through) = (0, 0, 0)
        try Property.hold("what if in spaces", cases: 120) { generator in
            var random = RandomAuthority(generator)
            let stage = try SpaceStage(&random)
            let snapshot = stage.snapshot
            var changes: [SupposedChange] = []
            for _ in 0..<random.int(1, 2) {
                if random.percent(30) {
                    changes.append(.received(try DID(random.pick(SpaceStage.people))))
                } else {
                    changes.append(.revoke(snapshot.view(random.pick(stage.edges)).id))
                }
            }
            let page = try snapshot.whatIf(WhatIfQuestion(changes), after: nil, limit: 10_000, now: stage.now)
            var done = try stage.copy()
            for edge in page.ended { try done.end(edge, by: .anyone) }
            let after = done.snapshot
            var principals = try SpaceStage.people.map { try DID($0) } + stage.spaces.map { DID(space: $0) }
            principals += [.anyone] + (try SpaceStage.apps.map { try DID(application: $0) })
            let abilities: [Ability] = [
                .spaceRead, .spaceReadSelf, .spaceWrite, .spaceManage, .spaceManageUpdate, .spaceBelong, .spaceDescribe,
                .spaceListMembers, .spaceConnect,
            ]
            func rows(_ principal: DID) -> [Capability] {
                page.rows.compactMap { row in
                    guard case .lost(let use, _) = row, use.principal == principal || use.principal == .anyone else {
                        return nil
                    }
                    return use.capability
                }
            }
            for principal in principals {
                for space in stage.spaces {
                    for ability in abilities {
                        let question = CheckQuestion(
                            principal: principal, ability: ability, resource: .atproto(space: space, path: nil))
                        let was = snapshot.check(question, at: stage.now).isAllowed
                        let isSo = after.check(question, at: stage.now).isAllowed
                        guard was || !isSo else { return "an end gives something" }
                        let isNamed = rows(principal).contains {
                            $0.resource == question.resource
                                && snapshot.registry.covers(held: $0.ability, required: ability)
                        }
                        guard !was || isSo || isNamed else {
                            return "\(principal) loses \(ability) on \(space) and is not named: \(changes)"
                        }
                    }
                }
            }
            for row in page.rows {
                switch row {
                case .lost(let use, _):
                    lost += 1
                    let (principal, capability) = (use.principal, use.capability)
                    if page.isThroughSpaces(principal, capability, snapshot) { through += 1 }
                    guard isAllowed(principal, capability, snapshot, stage.now),
                        !isAllowed(principal, capability, after, stage.now)
                    else { return "\(principal) does not lose \(capability.ability) on \(capability.resource)" }
                case .kept(let use, let route):
                    kept += 1
                    let (principal, capability) = (use.principal, use.capability)
                    guard isAllowed(principal, capability, after, stage.now) else {
                        return "\(principal) keeps nothing"
                    }
                    guard route.allSatisfy({ after.status(of: $0, at: stage.now) == .active }) else {
                        return "a dead way"
                    }
                default: break
                }
            }
            return nil
        }
        #expect(lost > 50 && kept > 5 && through > 5, "\(lost) lost, \(kept) kept, \(through) through spaces")
    }

    private func isAllowed(_ principal: DID, _ capability: Capability, _ graph: Snapshot, _ now: Timestamp) -> Bool {
        graph.check(
            CheckQuestion(principal: principal, ability: capability.ability, resource: capability.resource), at: now
        ).isAllowed
    }
}

extension WhatIfPage {
    var ended: [Snapshot.EdgeID] {
        rows.compactMap { if case .ended(let edge) = $0 { edge } else { nil } }
    }

    /// True where somebody loses what no edge of its own gave it.
    fileprivate func isThroughSpaces(_ principal: DID, _ capability: Capability, _ graph: Snapshot) -> Bool {
        !ended.contains { graph.view($0).audience == principal.text }
    }
}
