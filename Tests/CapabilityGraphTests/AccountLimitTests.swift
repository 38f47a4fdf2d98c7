import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapabilityGraph

/// What the history of an account may cost (design law 10).
@Suite struct AccountLimitTests {
    private static let owner = RandomAuthority.owners[0]
    private static let stranger = RandomAuthority.owners[1]
    private static let session = RandomAuthority.sessions[0]
    private static let space = RandomAuthority.spaces[0]
    private static let foreign = RandomAuthority.spaces[2]

    private static func signIn(_ id: String, expires: Int64? = nil) -> PlainStatement {
        PlainStatement(
            id: id, isCacao: true, issuer: owner, audience: session,
            capabilities: [
                PlainCapability(space + "/capabilities", "tinycloud.capabilities/read"),
                PlainCapability(space + "/delegation", "tinycloud.delegation/list"),
            ], expires: expires)
    }

    private static func gift(_ id: String) -> PlainStatement {
        PlainStatement(
            id: id, isCacao: true, issuer: stranger, audience: owner,
            capabilities: [PlainCapability(foreign + "/kv/" + id, "tinycloud.kv/get")])
    }

    @Test func whatStrangersGaveNeverClosesAnAccountNorHidesWhatWasGranted() throws {
        var limits = GraphRig.smallLimits
        limits.maxAccountStatements = 4
        let rig = try GraphRig(limits: limits)
        #expect(try rig.admit(Self.signIn("in"), at: 1) == "admitted")
        for number in 0..<30 { #expect(try rig.admit(Self.gift("gift\(number)"), at: 2) == "admitted") }
        var query = AccountQuery(owner: try Plain.did(Self.owner), invoker: try Plain.did(Self.owner))
        #expect(try rig.graph.snapshot().account(query).count == 31)
        for number in 30..<60 { #expect(try rig.admit(Self.gift("gift\(number)"), at: 3) == "admitted") }
        let flooded = rig.graph.snapshot()
        let all = try flooded.account(query).map(\.edge)
        #expect(all.count == 61)
        // A page is the beginning of the same history, wherever it begins.
        for first in [1, 2, 7, 30, 60, 61, 62] {
            #expect(try flooded.account(query, first: first).map(\.edge) == Array(all.prefix(first)))
            var rest = query
            rest.after = all[10]
            #expect(try flooded.account(rest, first: first).map(\.edge) == Array(all[11...].prefix(first)))
        }
        query.directions = [.granted]
        #expect(try flooded.account(query).map(\.direction) == [.granted])
    }

    @Test func whatAnAccountItselfIssuedIsBounded() throws {
        var limits = GraphRig.smallLimits
        limits.maxAccountStatements = 4
        let rig = try GraphRig(limits: limits)
        for number in 0..<5 { #expect(try rig.admit(Self.signIn("in\(number)"), at: 1) == "admitted") }
        let query = AccountQuery(owner: try Plain.did(Self.owner), invoker: try Plain.did(Self.owner))
        do throws(GraphError) {
            _ = try rig.graph.snapshot().account(query)
            Issue.record("a history of any length is read for one request")
        } catch {
            #expect(error.code == .limitExceeded)
        }
    }

    @Test func aPageBeginsBehindARowThatIsNoLongerOnItsSide() throws {
        let rig = try GraphRig()
        for number in 0..<5 { #expect(try rig.admit(Self.gift("gift\(number)"), at: 2) == "admitted") }
        var query = AccountQuery(owner: try Plain.did(Self.owner), invoker: try Plain.did(Self.owner))
        let all = try rig.graph.snapshot().account(query).map(\.edge)
        try #require(all.count == 5)
        for place in all.indices {
            query.after = all[place]
            for directions: Set<AccountQuery.Direction> in [[.received], [.granted, .received], [.granted]] {
                query.directions = directions
                let rest = try rig.graph.snapshot().account(query).map(\.edge)
                #expect(rest == (directions.contains(.received) ? Array(all[(place + 1)...]) : []))
            }
        }
    }

    /// A history whose rows were issued at one instant is in the order of the texts of its CIDs.
    @Test func rowsOfOneInstantStandInTheOrderOfTheirNames() {
        var random = SeededGenerator.printed("rowsOfOneInstantStandInTheOrderOfTheirNames")
        var digests = (0..<400).map { _ in
            Digest(w0: random.next(), w1: random.next(), w2: random.next(), w3: random.next())
        }
        // Neighbours that differ in few bits, wherever these lie in a letter.
        for bit in 0..<256 {
            let base = digests[bit % 7]
            var words = [base.w0, base.w1, base.w2, base.w3]
            words[bit / 64] ^= 1 << UInt64(bit % 64)
            digests.append(Digest(w0: words[0], w1: words[1], w2: words[2], w3: words[3]))
        }
        func text(_ digest: Digest) -> String {
            CID(codec: CID.rawCodec, hash: Multihash(code: .blake3_256, digest: digest)).text
        }
        #expect(
            digests.sorted { CIDOrder($0) < CIDOrder($1) }.map(text) == digests.map(text).sorted())
    }
}
