import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// What one page of an answer looks at, however much somebody piled up, and that the pages are whole all the same.
@Suite struct QuestionBoundTests {
    private let now = Timestamp(seconds: 1_700_000_000)
    private let space: Space
    private let member: DID
    private let rig: GraphRig

    /// A budget of 16 times 32 looks a page.
    init() throws {
        var limits = GraphRig.smallLimits
        limits.maxCheckNodes = 32
        rig = try GraphRig(limits: limits)
        space = try Space("at://did:plc:bob/space/com.example.forum/one")
        member = try DID("did:plc:dan")
    }

    private func admit(
        _ kind: EdgeKind, to audience: DID, _ ability: Ability, path: String? = nil, in other: Space? = nil
    ) throws -> Snapshot.EdgeID {
        let space = other ?? space
        let statement = HostStatement(
            kind: kind, issuer: space.owner, audience: audience,
            capabilities: [Capability(resource: .atproto(space: space, path: path), ability: ability)], expires: nil,
            proofs: [])
        guard case .admitted(let admitted, _, _) = try rig.writer.admit(statement, at: now) else {
            throw GraphError(.malformedCursor, "the statement is known")
        }
        rig.writer.commit()
        return admitted.edge
    }

    /// All pages of what the member can, and how many there are.
    private func pages(_ question: WhatCanQuestion, limit: Int = 1000) throws -> (rows: [WhatCanRow], pages: Int) {
        var (rows, pages, cursor) = ([WhatCanRow](), 0, QuestionCursor?.none)
        repeat {
            let page = try rig.graph.snapshot().whatCan(question, after: cursor, limit: limit, now: now)
            #expect(page.capped == nil && page.rows.count <= limit)
            rows += page.rows
            pages += 1
            cursor = page.cursor
        } while cursor != nil && pages < 10_000
        return (rows, pages)
    }

    @Test func whatHasEndedCostsAPageAsMuchAsWhatHasNot() throws {
        _ = try admit(.ownership, to: space.owner, .spaceManage)
        let kept = try admit(.delegationToken, to: member, .spaceRead, path: "did:plc:bob")
        for number in 0..<400 {
            let edge = try admit(.delegationToken, to: member, .spaceRead, path: "did:plc:bob/com.example.p\(number)")
            _ = try rig.writer.end(edge, EdgeEnd(by: space.owner, reason: "removed"), at: now)
            rig.writer.commit()
        }
        for question in [WhatCanQuestion(principal: member), WhatCanQuestion(principal: member, space: space)] {
            let all = try pages(question)
            #expect(all.rows.compactMap { $0.route.first?.edge } == [kept])
            #expect(all.pages > 1, "\(all.pages) pages")
        }
    }

    @Test func pagesOfEverySizeMakeOneAnswer() throws {
        _ = try admit(.ownership, to: space.owner, .spaceManage)
        for number in 0..<300 {
            _ = try admit(.delegationToken, to: member, .spaceRead, path: "did:plc:bob/com.example.p\(number)")
        }
        let question = WhatCanQuestion(principal: member, space: space)
        let expected = try pages(question).rows.map { $0.resource.text }
        #expect(expected.count == 300 && Set(expected).count == 300)
        for limit in [1, 7, 299, 300] {
            #expect(try pages(question, limit: limit).rows.map { $0.resource.text } == expected, "\(limit)")
        }
        // A page ends by its bytes too, and has a row in any case.
        let small = try rig.graph.snapshot().whatCan(question, after: nil, limit: 1000, maxBytes: 1, now: now)
        #expect(small.rows.count == 1 && small.cursor != nil)
    }

    @Test func aSearchForWaysSaysWhereItWasCut() throws {
        _ = try admit(.ownership, to: space.owner, .spaceManage)
        let few = try admit(.delegationToken, to: member, .spaceRead)
        let one = rig.graph.snapshot().paths(from: space.owner, to: member, in: space, all: true, at: now)
        #expect(one.paths == [[few]] && one.isComplete && one.capped == nil)
        for number in 0..<600 {
            _ = try admit(.delegationToken, to: member, .spaceRead, path: "did:plc:bob/com.example.p\(number)")
        }
        let cut = rig.graph.snapshot().paths(from: space.owner, to: member, in: space, all: true, at: now)
        #expect(cut.paths.count == Snapshot.maxPaths && !cut.isComplete && cut.capped?.limit == 16 * 32)
    }

    @Test func moreGrantsThanAreLookedAtAreSaid() throws {
        _ = try admit(.ownership, to: space.owner, .spaceManage)
        for number in 0..<8 { _ = try admit(.delegationToken, to: DID("did:plc:m\(number)"), .spaceRead) }
        let snapshot = rig.graph.snapshot()
        let asked = snapshot.resolve(
            CheckQuestion(principal: .anyone, ability: .spaceRead, resource: .atproto(space: space, path: nil)))
        for limit in [3, 9, 100] {
            var (left, found) = (limit, [UInt32]())
            let isWhole = snapshot.forEachGrant(of: asked, limit: &left) { found.append($0) }
            // The owner's own edge is one of the nine that are looked at, and gives no reading.
            #expect(isWhole == (limit >= 9) && found.count == min(limit, 8) && left >= 0, "\(limit): \(found)")
        }
    }

    /// A space so large that a check does not come to its end is, named beside one's own, as one that is not there.
    @Test func aWalkWithoutEndTellsNothingOfASpace() throws {
        let asker = try DID("did:plc:erin")
        let mine = try Space("at://did:plc:erin/space/com.example.forum/mine")
        func put(_ space: Space) throws { _ = try admit(.ownership, to: space.owner, .spaceManage, in: space) }
        try put(mine)
        try put(space)
        for number in 0..<40 {
            let inner = try Space("at://did:plc:bob/space/com.example.forum/inner\(number)")
            try put(inner)
            _ = try admit(.membership, to: DID(space: inner), .spaceBelong)
        }
        let snapshot = rig.graph.snapshot()
        let belong = CheckQuestion(
            principal: asker, ability: .spaceBelong, resource: .atproto(space: space, path: nil))
        guard case .undetermined = snapshot.check(belong, at: now) else {
            Issue.record("the space is not large enough: \(snapshot.check(belong, at: now))")
            return
        }
        func answer(_ other: Space) -> Decision {
            let named = [Resource.atproto(space: mine, path: nil), .atproto(space: other, path: nil)]
            let question = InvocationQuestion(
                invoker: asker, proofs: [],
                capabilities: named.map { Capability(resource: $0, ability: .spaceBelong) })
            return snapshot.decide(question, wanted: (.spaceBelong, named[0]), at: now)
        }
        let absent = answer(try Space("at://did:plc:bob/space/com.example.forum/two"))
        #expect(answer(space) == absent && !absent.isAllowed, "\(answer(space)), \(absent)")
    }
}
