import CapTesting
import Testing
import UCAN

@testable import CapabilityGraph

/// What a what-if looks at and tells is bounded, and every cut is marked.
@Suite struct WhatIfBoundTests {
    private var stage: SpaceStage
    private let space: Space
    private let dan: DID
    private let membership: Snapshot.EdgeID

    /// Twelve members, of whom one holds twelve paths beside.
    init() throws {
        stage = try SpaceStage()
        space = try stage.put("one", of: "did:plc:bob")
        dan = try DID("did:plc:dan")
        try stage.admit(.policy, space, DID(space: space), [.spaceListRead])
        for number in 0..<12 {
            try stage.admit(.membership, space, try DID("did:plc:m\(number)"), [.spaceRead, .spaceBelong])
        }
        membership = try stage.admit(.membership, space, dan, [.spaceRead, .spaceBelong])
        for number in 0..<12 {
            try admitToken("did:plc:bob/com.example.p\(number)")
        }
    }

    private func admitToken(_ path: String) throws {
        let statement = HostStatement(
            kind: .delegationToken, issuer: space.owner, audience: dan,
            capabilities: [Capability(resource: .atproto(space: space, path: path), ability: .spaceRead)], expires: nil,
            proofs: [])
        _ = try stage.rig.writer.admit(statement, at: stage.now)
        stage.rig.writer.commit()
    }

    private func ask(
        _ changes: [SupposedChange], limit: Int = 1000, maxBytes: Int = 1 << 20,
        maxVisits: Int = Snapshot.maxSupposedVisits, after cursor: QuestionCursor? = nil
    ) throws -> WhatIfPage {
        try stage.snapshot.whatIf(
            WhatIfQuestion(changes, unit: space), after: cursor, limit: limit, maxBytes: maxBytes, now: stage.now,
            maxVisits: maxVisits)
    }

    @Test func whatIsLeftBeyondTheFirstIsMarked() throws {
        let page = try ask([.revoke(stage.snapshot.view(membership).id)])
        let use = page.rows.compactMap { row -> (WhatIfUse, Int)? in
            guard case .lost(let use, let remains) = row, use.capability.ability == .spaceRead else { return nil }
            return (use, remains.count)
        }.first
        #expect(use?.0.isCut == true && use?.1 == 8 && page.capped == nil)
    }

    @Test func aPageEndsByItsBytesAndHasARow() throws {
        let changes: [SupposedChange] = [.compromised(dan), .compromised(space.owner)]
        let whole = try ask(changes)
        #expect(whole.rows.count > 3 && whole.cursor == nil)
        var (rows, cursor, pages) = ([String](), QuestionCursor?.none, 0)
        repeat {
            let page = try ask(changes, maxBytes: 1, after: cursor)
            #expect(page.rows.count == 1 && page.counts == whole.counts)
            rows += page.rows.map { "\($0)" }
            cursor = page.cursor
            pages += 1
        } while cursor != nil && pages < 1000
        #expect(rows == whole.rows.map { "\($0)" })
    }

    @Test func oneBudgetIsForAllAndItsEndIsTold() throws {
        let changes: [SupposedChange] = [.compromised(dan), .received(dan)]
        for visits in [0, 1, 10, 50, 200] {
            let page = try ask(changes, maxVisits: visits)
            #expect(page.capped?.limit == visits && page.capped?.by == .nodes, "\(visits)")
        }
        #expect(try ask(changes).capped == nil)
    }

    /// What rests on one capability is given in bounded parts, each once.
    @Test func manyChildrenComeInParts() throws {
        let graph = stage.rig.graph
        for number in 0..<2500 {
            try stage.rig.admitChild(number, of: membership, space, stage.now)
        }
        stage.rig.writer.commit()
        let parent = try #require(stage.snapshot.capabilities(of: membership.raw).first)
        var (found, parts, place) = ([UInt32](), 0, QuestionIndex.ChildPlace.newest)
        repeat {
            let some = graph.questions.children(of: parent, from: &place, in: graph)
            #expect(some.count <= 1024)
            found += some
            parts += 1
        } while !place.isEnd
        #expect(found.count == 2500 && Set(found).count == 2500 && parts == 3)
    }

    // MARK: settings

    @Test func theEndOfASettingIsNotSimulated() throws {
        var stage = stage
        let app = try stage.admit(.appAccess, space, .anyone, [.spaceConnect])
        let policy = try stage.admit(.policy, space, .anyone, [.spaceRead])
        let list = try stage.admit(.policy, space, DID(space: space), [.spaceListRead])
        let graph = stage.snapshot
        let changes = [app, policy, list].map { SupposedChange.revoke(graph.view($0).id) }
        let page = try graph.whatIf(WhatIfQuestion(changes), after: nil, limit: 100, now: stage.now)
        let told = page.rows.map { row in
            switch row {
            case .notSimulated(let edge): "setting \(edge == app || edge == policy)"
            case .stays(let edge): "stays \(edge == list)"
            default: "\(row)"
            }
        }
        #expect(told == ["stays true", "setting true", "setting true"])
        #expect(page.counts.notSimulated == 2 && page.counts.ended == 0 && page.unknown == [] && page.refused == [2])
    }

    /// The host's statements in the name of an authority are no work of its key (finding 25).
    @Test func aKeyThatIsKnownDoesNotTakeItsMembersAlong() throws {
        let page = try ask([.compromised(space.owner)])
        let isMembership = page.rows.contains { row in
            guard case .ended(let edge) = row else { return false }
            return stage.snapshot.view(edge).kind == .membership
        }
        #expect(!isMembership && page.compromised.first?.governs == 27)
        let stranger = try ask([.compromised(try DID("did:plc:nobody"))])
        #expect(stranger.compromised.first?.governs == 0 && stranger.compromised.first?.controls == [])
    }

    /// What ended, or no longer holds, does not end again.
    @Test func whatIsDeadIsUnknown() throws {
        var stage = stage
        try stage.end(membership, by: space.owner)
        let graph = stage.snapshot
        let page = try graph.whatIf(
            WhatIfQuestion([.revoke(graph.view(membership).id)], unit: space), after: nil, limit: 10, now: stage.now)
        #expect(page.unknown == [0] && page.rows.isEmpty)
    }
}

extension GraphRig {
    fileprivate func admitChild(
        _ number: Int, of parent: Snapshot.EdgeID, _ space: Space, _ now: Timestamp
    ) throws {
        let statement = HostStatement(
            kind: .delegationToken, issuer: try DID("did:plc:dan"), audience: try DID("did:plc:child\(number)"),
            capabilities: [Capability(resource: .atproto(space: space, path: nil), ability: .spaceRead)], expires: nil,
            proofs: [parent])
        if case .refused(let refusal) = try writer.admit(statement, at: now) { throw refusal }
    }
}
