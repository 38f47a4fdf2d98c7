import ATProto
import Answers
import CapTesting
import Multiformats
import Storage
import Testing
import UCAN

@testable import CapabilityGraph
@testable import Spaces

/// What is supposed is what happens when it is done by its own door (design laws 3, 9).
@Suite struct SupposedEndLawTests {
    private func ended(_ before: Snapshot, _ after: Snapshot) -> Set<Snapshot.EdgeID> {
        Set(
            (0..<before.edgeCount).map { Snapshot.EdgeID(raw: UInt32($0)) }.filter {
                before.view($0).endedAt == nil && after.view($0).endedAt != nil
            })
    }

    /// Which of some edges were live. What rests on something that has ended is not, and can be ended all the same.
    private func live(_ edges: Set<Snapshot.EdgeID>, _ graph: Snapshot, _ rig: SpaceRig) -> Set<Snapshot.EdgeID> {
        var budget = QuestionBudget(Snapshot.maxSupposedVisits)
        var found: Set<Snapshot.EdgeID> = []
        for edge in edges where graph.isLive(edge.raw, at: rig.start, &budget) != false { found.insert(edge) }
        return found
    }

    private func supposed(_ page: WhatIfPage) -> Set<Snapshot.EdgeID> {
        Set(page.rows.compactMap { if case .ended(let edge) = $0 { edge } else { nil } })
    }

    /// Whether both worlds decide alike about everybody.
    private func difference(_ left: Snapshot, _ right: Snapshot, _ rig: SpaceRig) throws -> String? {
        for owner in RandomChanges.people.prefix(2) {
            for name in RandomChanges.names {
                let space = try Space(try rig.uri(name, of: owner))
                for person in try RandomChanges.people.map(rig.did) + [DID.anyone] {
                    for ability in [Ability.spaceRead, .spaceReadSelf, .spaceWrite, .spaceManage, .spaceBelong] {
                        let question = CheckQuestion(
                            principal: person, ability: ability, resource: .atproto(space: space, path: nil))
                        let answers = [left, right].map { $0.check(question, at: rig.start).isAllowed }
                        guard answers[0] == answers[1] else {
                            return "\(person) may \(ability) in \(space): supposed \(answers[0]), done \(answers[1])"
                        }
                    }
                }
            }
        }
        return nil
    }

    @Test func theEndOfAnEdge() throws {
        var (plain, settings, carried) = (0, 0, 0)
        try Property.hold("supposed end = end", cases: 60) { draw in
            var world = try RandomChanges(draw)
            for _ in 0..<30 { try world.step() }
            for isByToken in [true, false, true, false, true, false] {
                guard let edge = try world.randomEdge() else { return nil }
                let (rig, before) = (world.rig, world.rig.store.unprovenSnapshot())
                let authority = before.view(try #require(before.edge(edge.id))).issuer
                let question = WhatIfQuestion(
                    [.revoke(edge.id)], unit: edge.space, asker: (try DID(authority), []))
                let page = try before.whatIf(question, after: nil, limit: 10_000, now: rig.start)
                let what =
                    "\(edge.kind.name) of \(edge.audience) in \(edge.space)\n" + world.story.joined(separator: "\n")
                var isRefused = false
                do {
                    try world.end(edge.id, byToken: isByToken)
                } catch is ATProtoError {
                    isRefused = true
                } catch is AccessRefusal {
                    isRefused = true
                }
                let after = rig.store.unprovenSnapshot()
                let done = ended(before, after)
                if page.counts.notSimulated > 0 {
                    settings += 1
                    guard page.counts.ended == 0, page.counts.lost == 0 else {
                        return "a setting is simulated: " + what
                    }
                } else if page.counts.stays > 0 {
                    carried += 1
                    guard done.isEmpty, page.refused == [0] else { return "it does end alone: " + what }
                } else if page.unknown.isEmpty {
                    guard page.refused.isEmpty == !(isRefused || done.isEmpty) else { return "refused or not: " + what }
                    guard isRefused || done.isEmpty || supposed(page) == done else {
                        return "ended \(done), supposed \(supposed(page)): " + what
                    }
                    if done.isEmpty { continue }
                    let overlaid = before.ending(supposed(page).map(\.raw), by: .anyone)
                    if let apart = try difference(overlaid, after, rig) { return apart + " after the end of " + what }
                    plain += 1
                } else {
                    let lost = live(done, before, rig)
                    guard lost.isEmpty else { return "nothing is supposed, and \(lost) ended: " + what }
                }
            }
            return nil
        }
        #expect(plain > 8 && settings > 5 && carried > 5, "\(plain) plain, \(settings) settings, \(carried) carried")
    }

    @Test func theRemovalOfAMember() throws {
        var removed = 0
        try Property.hold("supposed removal = removal", cases: 60) { draw in
            var world = try RandomChanges(draw)
            for _ in 0..<30 { try world.step() }
            for owner in RandomChanges.people.prefix(2) {
                for (name, place) in RandomChanges.people.flatMap({ name in RandomChanges.names.map { (name, $0) } }) {
                    let (rig, before) = (world.rig, world.rig.store.unprovenSnapshot())
                    let uri = try rig.uri(place, of: owner)
                    let space = try Space(uri)
                    let change = SupposedChange.received(try rig.did(name), kind: .membership, space: space)
                    let page = try before.whatIf(
                        WhatIfQuestion([change], unit: space), after: nil, limit: 10_000, now: rig.start)
                    do {
                        try rig.remove(name, from: uri, by: owner)
                    } catch is AccessRefusal {
                        continue
                    } catch is ATProtoError {
                        continue
                    }
                    let after = rig.store.unprovenSnapshot()
                    guard page.unknown.isEmpty else {
                        let done = ended(before, after)
                        guard done.isEmpty else {
                            return "\(name) off \(uri): nothing is supposed, and \(done) ended\n"
                                + world.story.joined(separator: "\n")
                        }
                        continue
                    }
                    guard supposed(page) == ended(before, after) else {
                        return "\(name) off \(uri): ended \(ended(before, after)), supposed \(supposed(page))\n"
                            + world.story.joined(separator: "\n")
                    }
                    let overlaid = before.ending(supposed(page).map(\.raw), by: .anyone)
                    if let apart = try difference(overlaid, after, rig) { return "\(apart) after \(name) off \(uri)" }
                    removed += 1
                }
            }
            return nil
        }
        #expect(removed > 6, "\(removed) removed")
    }

    /// Two worlds that differ only in what touches nothing of the space give a reader of it the same bytes.
    @Test func aReaderIsToldOfItsSpaceAlone() throws {
        // What differs is said in copies of one world: this host's statements are never the same twice.
        let common = try SpaceRig()
        let forum = try common.create("forum")
        for name in ["bob", "carol", "dave"] { try common.add(name, to: forum, .writer) }
        let elsewhere = try common.create("hidden", of: "bob")
        for name in ["alice", "bob"] { _ = try common.session(name) }
        let worlds = try ["carol", "dave"].map { name in
            let rig = try SpaceRig(copying: common)
            try rig.add(name, to: elsewhere, [.read, .write, .manage], by: "bob")
            return rig
        }
        func ask(
            _ rig: SpaceRig, _ changes: (Snapshot, SpaceRig) throws -> [SupposedChange]
        ) throws -> [UInt8] {
            let permit = try rig.permit(.readGraph(of: nil), "alice", on: forum)
            return try SpaceGraph(store: rig.store).whatIf(
                permit, try changes(rig.store.unprovenSnapshot(), rig), after: nil, limit: 1000, maxBytes: 1 << 20,
                at: rig.start)
        }
        let kinds: [(String, (Snapshot, SpaceRig) throws -> [SupposedChange])] = [
            ("received", { _, rig in [.received(try rig.did("carol"))] }),
            (
                "received there",
                { _, rig in
                    [.received(try rig.did("carol"), space: try Space(try rig.uri("hidden", of: "bob")))]
                }
            ),
            ("compromised", { _, rig in [.compromised(try rig.did("carol"))] }),
            ("compromised owner of the other", { _, rig in [.compromised(try rig.did("bob"))] }),
            ("compromised owner", { _, rig in [.compromised(try rig.did("alice"))] }),
            ("a stranger", { _, rig in [.compromised(try rig.did("erin")), .received(try rig.did("erin"))] }),
            (
                "together",
                { _, rig in
                    try ["bob", "carol", "dave"].map { .received(try rig.did($0)) }
                        + [.compromised(try rig.did("dave"))]
                }
            ),
            (
                "an edge there",
                { graph, rig in
                    let hidden = try Space(try rig.uri("hidden", of: "bob"))
                    let edges = (0..<graph.edgeCount).map { Snapshot.EdgeID(raw: UInt32($0)) }.filter {
                        graph.view($0).kind == .membership && graph.touches($0, hidden)
                    }
                    return edges.map { .revoke(graph.view($0).id) }
                }
            ),
        ]
        for (name, changes) in kinds {
            let (left, right) = (try ask(worlds[0], changes), try ask(worlds[1], changes))
            #expect(left == right, "\(name): \(String(decoding: left, as: UTF8.self))")
            #expect(!String(decoding: left, as: UTF8.self).contains("/hidden"), "\(name)")
        }
    }
}
