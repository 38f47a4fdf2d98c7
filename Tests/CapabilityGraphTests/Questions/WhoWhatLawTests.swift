import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// Who can, what can and by which way, against the reference asked principal by principal and question by question.
@Suite struct WhoWhatLawTests {
    @Test func whoCanIsEverybodyTheReferenceAllowsOnce() throws {
        var rows = 0
        try Property.hold("who can", cases: 120) { generator in
            var world = try QuestionWorld(generator)
            for _ in 0..<8 {
                let probe = world.probe()
                let at = world.random.now + Int64(world.random.int(-10, 30))
                let live = world.reference.liveGrants(at: at)
                let expected = RandomAuthority.principals.filter { principal in
                    world.reference.isAllowed(
                        principal, probe.ability, probe.resource, context: probe.context, live: live)
                }
                let asked = try probe.question()
                let question = WhoCanQuestion(ability: asked.ability, resource: asked.resource, context: asked.context)
                let page = try world.snapshot.whoCan(
                    question, after: nil, limit: 1000, now: Timestamp(microseconds: at))
                let found = page.rows.map(\.principal.text)
                guard found.count == Set(found).count, Set(found) == Set(expected), page.cursor == nil,
                    page.capped == nil, !page.everyone
                else { return "\(found) may \(probe) at \(at), expected \(expected)" }
                rows += found.count
                for row in page.rows {
                    guard
                        row.by == .owner
                            ? row.route.isEmpty
                            : row.route.first.map({
                                world.snapshot.view($0.edge).audience == row.principal.text
                            }) == true
                    else { return "a route that is not \(row.principal)'s" }
                    let ends = row.route.compactMap { world.snapshot.view($0.edge).expires }
                    guard row.until == ends.min() else { return "a wrong end" }
                }
            }
            return nil
        }
        #expect(rows > 50)
    }

    @Test func pagesUnderWritesAreTheUnpagedAnswer() throws {
        try Property.hold("pages of who and what", cases: 60) { generator in
            var world = try QuestionWorld(generator)
            let now = Timestamp(microseconds: world.random.now)
            let asked = try world.probe().question()
            let who = WhoCanQuestion(ability: asked.ability, resource: asked.resource, context: asked.context)
            let what = WhatCanQuestion(principal: asked.principal)
            let wholeWho = try world.snapshot.whoCan(who, after: nil, limit: 1000, now: now).rows.map(\.principal)
            let wholeWhat = try world.snapshot.whatCan(what, after: nil, limit: 1000, now: now).rows
                .map { "\($0.ability?.text ?? "*") \($0.resource) \($0.route.map(\.edge.raw))" }
            var pagedWho: [DID] = []
            var pagedWhat: [String] = []
            var whoCursor: QuestionCursor?
            var whatCursor: QuestionCursor?
            var turns = 0
            repeat {
                let page = try world.rig.graph.snapshot().whoCan(who, after: whoCursor, limit: 1, now: now)
                pagedWho += page.rows.map(\.principal)
                whoCursor = try page.cursor.map { try QuestionCursor($0.text) }
                // The clock goes on as well; a cursor keeps its instant.
                _ = try world.rig.play(world.random.step())
                world.rig.writer.commit()
                turns += 1
            } while whoCursor != nil && turns < 100
            repeat {
                // As of the first answer, since the writes above came before this one began.
                let page = try world.rig.graph.snapshot(at: whatCursor == nil ? world.snapshot.revision : .max).whatCan(
                    what, after: whatCursor, limit: 2, now: now)
                pagedWhat += page.rows
                    .map { "\($0.ability?.text ?? "*") \($0.resource) \($0.route.map(\.edge.raw))" }
                whatCursor = try page.cursor.map { try QuestionCursor($0.text) }
                _ = try world.rig.play(world.random.step())
                world.rig.writer.commit()
                turns += 1
            } while whatCursor != nil && turns < 200
            guard pagedWho == wholeWho else { return "\(pagedWho) in pages, whole \(wholeWho)" }
            guard pagedWhat == wholeWhat else { return "\(pagedWhat) in pages, whole \(wholeWhat)" }
            return nil
        }
    }

    @Test func cursorsOfOtherQuestionsAreRefused() throws {
        let world = try QuestionWorld(SeededGenerator(seed: 7), steps: 40)
        let now = Timestamp(microseconds: world.random.now)
        let space = try Space(RandomAuthority.spaces[0])
        let resource = Resource(space: space, service: "kv")
        let get = try Ability("tinycloud.kv/get")
        let page = try world.snapshot.whoCan(
            WhoCanQuestion(ability: get, resource: resource), after: nil, limit: 1, now: now)
        let what = WhatCanQuestion(principal: space.owner)
        if let cursor = page.cursor {
            #expect(throws: GraphError.self) { try world.snapshot.whatCan(what, after: cursor, limit: 1, now: now) }
        }
        for text in ["", "AA", "AQ", String(repeating: "A", count: 35), "not a cursor"] {
            #expect(throws: GraphError.self) { try QuestionCursor(text) }
        }
    }

    @Test func whatCanCoversExactlyWhatTheReferenceAllows() throws {
        try Property.hold("what can", cases: 100) { generator in
            var world = try QuestionWorld(generator)
            let at = world.random.now + Int64(world.random.int(-5, 10))
            let now = Timestamp(microseconds: at)
            let live = world.reference.liveGrants(at: at)
            for text in RandomAuthority.principals {
                for isMaximal in [false, true] {
                    var question = WhatCanQuestion(principal: try Plain.did(text))
                    question.isMaximal = isMaximal
                    let page = try world.snapshot.whatCan(question, after: nil, limit: 1000, now: now)
                    guard page.cursor == nil, page.capped == nil else { return "a small world is cut" }
                    for row in page.rows {
                        guard let ability = row.ability, row.caveats.isEmpty else { continue }
                        guard
                            world.reference.isAllowed(text, ability.text, row.resource.text, live: live)
                        else { return "\(text) may not \(ability) on \(row.resource)" }
                    }
                    for _ in 0..<6 {
                        var probe = world.probe()
                        probe.principal = text
                        probe.context = []
                        guard world.isAllowed(probe, by: live) else { continue }
                        let asked = try probe.question()
                        let isShown = page.rows.contains { row in
                            guard let ability = row.ability else { return row.resource.space == asked.resource.space }
                            return row.resource.contains(asked.resource)
                                && world.snapshot.registry.covers(held: ability, required: asked.ability)
                        }
                        let isOwn = asked.resource.rootAuthority == asked.principal
                        guard isShown || isOwn else { return "\(probe) is not in what \(text) can (\(isMaximal))" }
                    }
                }
            }
            return nil
        }
    }

    @Test func aPathExistsWhereTheReferenceFindsOneAndIsAsShort() throws {
        var found = 0
        try Property.hold("path", cases: 100) { generator in
            var world = try QuestionWorld(generator)
            let at = world.random.now
            let live = world.reference.liveGrants(at: at)
            for _ in 0..<12 {
                let giver = world.random.pick(RandomAuthority.principals)
                let holder = world.random.pick(RandomAuthority.principals)
                let expected = world.reference.distance(from: giver, to: holder, live: live)
                let one = world.snapshot.paths(
                    from: try Plain.did(giver), to: try Plain.did(holder), at: Timestamp(microseconds: at))
                let all = world.snapshot.paths(
                    from: try Plain.did(giver), to: try Plain.did(holder), all: true, at: Timestamp(microseconds: at))
                guard one.paths.first?.count == expected, one.capped == nil else {
                    return "\(one.paths) from \(giver) to \(holder), expected \(expected ?? 0) long"
                }
                // Of ways as short, the one with the smallest ids, whatever the order in which they were admitted.
                let graph = world.rig.graph
                let smallest = all.paths.filter { $0.count == expected }.min { left, right in
                    let pairs = zip(left.reversed(), right.reversed())
                    return pairs.first { $0 != $1 }.map { graph.ids[$0.raw] < graph.ids[$1.raw] } ?? false
                }
                guard !all.isComplete || one.paths.first == smallest else {
                    return "\(one.paths) from \(giver) to \(holder) is not \(smallest ?? [])"
                }
                guard all.paths.first?.count == expected, Set(all.paths).count == all.paths.count else {
                    return "all are \(all.paths)"
                }
                for path in all.paths {
                    found += 1
                    let views = path.map(world.snapshot.view)
                    guard views.first?.issuer == giver, views.last?.audience == holder else { return "wrong ends" }
                    for (above, below) in zip(views, views.dropFirst()) {
                        guard below.proofs.contains(above.edge) else { return "the way jumps" }
                    }
                }
            }
            return nil
        }
        #expect(found > 20)
    }
}
