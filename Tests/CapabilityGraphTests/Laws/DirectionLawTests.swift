import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// Whose statements `created`, `received` and an account's history mean: what an owner and its session keys signed says so,
/// and nothing else (design section 3, identity of the asker; law 9).
@Suite struct DirectionLawTests {
    /// The same step on a clock of seconds, as the log keeps the time of an admission.
    private static func inSeconds(_ step: PlainStep) -> PlainStep {
        var step = step
        step.at *= 1_000_000
        if case .admit(var statement) = step.change {
            statement.notBefore = statement.notBefore.map { $0 * 1_000_000 }
            statement.expires = statement.expires.map { $0 * 1_000_000 }
            step.change = .admit(statement)
        }
        return step
    }

    private struct World {
        let rig: GraphRig
        var reference = ReferenceEvaluator()

        init() throws { rig = try GraphRig() }

        mutating func play(_ step: PlainStep) throws {
            _ = reference.play(step)
            _ = try rig.play(step)
            rig.writer.commit()
        }
    }

    @Test func everyListingAndHistoryIsTheReferences() throws {
        var sessions = 0
        try Property.hold("direction", cases: 250) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 8
            random.revoking = 18
            var world = try World()
            for step in random.world(random.int(5, 45)) { try world.play(Self.inSeconds(step)) }
            let comparison = Comparison(
                snapshot: world.rig.graph.snapshot(), reference: world.reference, at: random.now * 1_000_000)
            for _ in 0..<8 {
                if let difference = try comparison.listing(&random) { return difference }
                if let difference = try comparison.account(&random) { return difference }
            }
            sessions += world.reference.signInCount
            return nil
        }
        #expect(sessions > 100, "hardly anybody signed in: \(sessions)")
    }

    /// What somebody is shown: who is meant, what it created and received in each space, and its account.
    private struct View: Equatable {
        var means: Set<String> = []
        var created: [[Snapshot.EdgeID]] = []
        var received: [[Snapshot.EdgeID]] = []
        var granted: [Snapshot.EdgeID] = []

        init(_ world: World, _ invoker: String, _ proofs: [String], owner: String, at: Int64) throws {
            let snapshot = world.rig.graph.snapshot()
            let time = Timestamp(microseconds: at)
            let asker = try snapshot.asker(invoker: Plain.did(invoker), proofs: proofs.map(Plain.multihash), at: time)
            means = Set(asker.principals.map(\.text))
            for space in RandomAuthority.spaces {
                for direction in [ListQuery.Direction.created, .received] {
                    var query = ListQuery(space: try Space(space), asker: asker)
                    query.direction = direction
                    query.statuses = Set(ListQuery.Status.allCases)
                    let rows = snapshot.list(query, limit: 10_000, selectedAt: time, now: time, current: snapshot).rows
                    if direction == .created {
                        created.append(rows.map(\.edge))
                    } else {
                        received.append(rows.map(\.edge))
                    }
                }
            }
            let query = AccountQuery(owner: try Plain.did(owner), invoker: try Plain.did(invoker))
            granted = try snapshot.account(query).filter { $0.direction == .granted }.map(\.edge)
        }
    }

    @Test func nothingAThirdPartySignsSteersWhoIsMeant() throws {
        var cases = 0
        try Property.hold("steering", cases: 250) { generator in
            var random = RandomAuthority(generator)
            random.cheating = 8
            var world = try World()
            for step in random.world(random.int(10, 40)) { try world.play(Self.inSeconds(step)) }
            let statements = world.reference.order.compactMap(world.reference.statement)
            let roots = statements.filter { $0.issuer.hasPrefix("did:pkh:") && $0.isCacao && $0.proofs.isEmpty }
            guard let root = roots.isEmpty ? nil : random.pick(roots) else { return nil }
            let at = random.now * 1_000_000
            let before = try View(world, root.audience, [root.id], owner: root.issuer, at: at)
            // Everybody who may speak for the owner, or for who asks.
            let given = statements.filter { $0.issuer == root.issuer }.map(\.audience)
            let insiders = before.means.union([root.issuer, root.audience]).union(given)
            let accountants = Set(
                statements.filter { $0.capabilities.contains { $0.ability == "tinycloud.delegation/list" } }
                    .flatMap { [$0.issuer, $0.audience] })
            for step in random.world(25) {
                switch step.change {
                case .admit(let statement) where insiders.union(accountants).contains(statement.issuer): continue
                case .revoke(let revocation) where insiders.contains(revocation.signer) || !revocation.proofs.isEmpty:
                    continue
                case .admit, .revoke, .host: try world.play(Self.inSeconds(step))
                }
            }
            cases += 1
            let after = try View(world, root.audience, [root.id], owner: root.issuer, at: at)
            guard after.means == before.means, after.created == before.created, after.granted == before.granted else {
                return "others changed \(before) into \(after)"
            }
            // What others gave is added to what was received; nothing leaves it.
            for (old, new) in zip(before.received, after.received) where !Set(new).isSuperset(of: old) {
                return "others took \(Set(old).subtracting(new)) away from what was received"
            }
            return nil
        }
        #expect(cases > 100)
    }

    /// What the CACAO says decides, row by row.
    @Test func aSignInIsToldByWhatItGives() throws {
        let owner = RandomAuthority.owners[0]
        let key = RandomAuthority.sessions[0]
        let space = RandomAuthority.spaces[0]
        let other = RandomAuthority.spaces[1]
        let read = PlainCapability(space + "/capabilities", "tinycloud.capabilities/read")
        let list = PlainCapability(other + "/delegation/", "tinycloud.delegation/list")
        let data = ["get", "put", "del", "list"].map { PlainCapability(space + "/kv", "tinycloud.kv/" + $0) }
        let notes = ["get", "put", "del", "list"].map { PlainCapability(space + "/kv/notes/", "tinycloud.kv/" + $0) }
        typealias Change = (inout PlainStatement) -> Void
        let rows: [(String, [PlainCapability], Change, Bool)] = [
            ("reads and lists for the account", [read, list], { _ in }, true),
            ("the same on the path of an app", [read, list] + notes, { _ in }, true),
            (
                "reads and revokes", [read, PlainCapability(space + "/delegation", "tinycloud.delegation/revoke")],
                { _ in }, true
            ),
            (
                "reads and asks for status",
                [read, PlainCapability(space + "/delegation", "tinycloud.delegation/status")], { _ in }, true
            ),
            ("reads and has all the data", [read] + data, { _ in }, true),
            (
                "an older name for deleting",
                [read] + data.filter { $0.ability != "tinycloud.kv/del" }
                    + [PlainCapability(space + "/kv", "tinycloud.kv/delete")], { _ in }, true
            ),
            ("reads only", [read], { _ in }, false),
            ("an agent that may see", [read] + notes, { _ in }, false),
            ("may not delete", [read] + data.filter { $0.ability != "tinycloud.kv/del" }, { _ in }, false),
            (
                "all the data of another space", [PlainCapability(other + "/capabilities", read.ability)] + data,
                { _ in }, false
            ),
            ("all the data and does not read", data, { _ in }, false),
            ("lists and does not read", [list], { _ in }, false),
            ("reads on a path", [PlainCapability(read.resource + "/all", read.ability), list], { _ in }, false),
            ("lists on a path", [read, PlainCapability(list.resource + "a", list.ability)], { _ in }, false),
            ("hosts", [PlainCapability(space + "/space", "tinycloud.space/host")], { _ in }, false),
            (
                "a UCAN", [PlainCapability(RandomAuthority.spaces[3] + "/capabilities", read.ability)],
                { statement in
                    statement.isCacao = false
                    statement.issuer = RandomAuthority.owners[2]
                    statement.capabilities.append(
                        PlainCapability(RandomAuthority.spaces[3] + "/delegation", list.ability))
                }, false
            ),
            ("to a wallet", [read, list], { $0.audience = RandomAuthority.owners[1] }, false),
            ("cites a session", [read, list], { $0.proofs = ["first"] }, false),
        ]
        for (name, capabilities, change, isSignIn) in rows {
            let rig = try GraphRig()
            var reference = ReferenceEvaluator()
            let first = PlainStatement(
                id: "first", isCacao: true, issuer: owner, audience: RandomAuthority.agents[0], capabilities: [read])
            var statement = PlainStatement(
                id: "given", isCacao: true, issuer: owner, audience: key, capabilities: capabilities)
            change(&statement)
            for offered in [first, statement] {
                #expect(try rig.admit(offered, at: 1) == "admitted", "\(name)")
                #expect(reference.admit(offered, at: 1) == "admitted", "\(name)")
            }
            let asker = try rig.graph.snapshot().asker(
                invoker: Plain.did(statement.audience), proofs: [Plain.multihash("given")],
                at: Timestamp(microseconds: 2))
            #expect(asker.principals.map(\.text).contains(statement.issuer) == isSignIn, "\(name)")
            #expect(
                reference.asker(statement.audience, proofs: ["given"], at: 2).everyone
                    == Set(asker.principals.map(\.text)), "\(name)")
            // Found anew when the log is read.
            let again = try GraphRig.replaying(rig.records).graph.snapshot().asker(
                invoker: Plain.did(statement.audience), proofs: [Plain.multihash("given")],
                at: Timestamp(microseconds: 2))
            #expect(again.principals == asker.principals, "\(name)")
        }
    }
}
