import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

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

    @Test func whatStrangersGaveIsBoundedAndHidesNothingThatWasGranted() throws {
        var limits = GraphRig.smallLimits
        limits.maxAccountStatements = 40
        let rig = try GraphRig(limits: limits)
        #expect(try rig.admit(Self.signIn("in"), at: 1) == "admitted")
        for number in 0..<30 { #expect(try rig.admit(Self.gift("gift\(number)"), at: 2) == "admitted") }
        var query = AccountQuery(owner: try Plain.did(Self.owner), invoker: try Plain.did(Self.owner))
        #expect(try rig.graph.snapshot().account(query).count == 31)
        for number in 30..<60 { #expect(try rig.admit(Self.gift("gift\(number)"), at: 3) == "admitted") }
        let flooded = rig.graph.snapshot()
        do throws(GraphError) {
            _ = try flooded.account(query)
            Issue.record("a history of any length is read for one request")
        } catch {
            #expect(error.code == .limitExceeded)
        }
        query.directions = [.granted]
        #expect(try flooded.account(query).map(\.direction) == [.granted])
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
}
