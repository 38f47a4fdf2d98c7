import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// What a delegation cites although it needs no proof, its issuer controlling every resource (tinycloud.md 7.3).
@Suite struct CitationTests {
    private static let now: Int64 = 1_783_684_800_000_000
    private static let hour: Int64 = 3_600_000_000
    private static let wallet = RandomAuthority.owners[0]
    private static let stranger = RandomAuthority.owners[1]
    private static let keyOwner = RandomAuthority.owners[2]
    private static let session = RandomAuthority.sessions[0]
    private static let dave = RandomAuthority.agents[0]
    private static let carol = RandomAuthority.agents[1]
    private static let space = RandomAuthority.spaces[0]
    private static let keySpace = RandomAuthority.spaces[3]

    private static func statement(
        _ id: String, _ issuer: String, _ audience: String, _ resources: [String], cites: [String] = [],
        lasts: Int64 = 24 * hour, isCacao: Bool = true, isTerminal: Bool = false
    ) -> PlainStatement {
        PlainStatement(
            id: id, isCacao: isCacao, issuer: issuer, audience: audience,
            capabilities: resources.map { PlainCapability($0, "tinycloud.kv/get") }, expires: now + lasts,
            proofs: cites, isTerminal: isTerminal)
    }

    private static let signIn = statement("session", wallet, session, ["\(space)/kv"], lasts: hour)
    private static let gift = statement("gift", wallet, dave, ["\(space)/kv/notes/"], cites: ["session"])
    private static let foreign = statement(
        "foreign", stranger, carol, ["\(RandomAuthority.spaces[2])/kv"])

    private static func edge(_ rig: GraphRig, _ id: String) throws -> Snapshot.EdgeID {
        try #require(rig.graph.snapshot().edge(Plain.multihash(id)))
    }

    private static func status(_ rig: GraphRig, _ id: String, at: Int64 = now) throws -> EdgeStatus {
        rig.graph.snapshot().status(of: try edge(rig, id), at: Timestamp(microseconds: at))
    }

    private static func question(_ who: String, _ path: String) throws -> CheckQuestion {
        CheckQuestion(
            principal: try Plain.did(who), ability: try Plain.ability("tinycloud.kv/get"),
            resource: try Plain.resource(path))
    }

    @Test func aWalletMayCiteTheSessionItGave() throws {
        let rig = try GraphRig()
        #expect(try rig.admit(Self.signIn, at: Self.now) == "admitted")
        #expect(try rig.admit(Self.gift, at: Self.now) == "admitted")
        let snapshot = rig.graph.snapshot()
        let gift = try Self.edge(rig, "gift")
        #expect(snapshot.view(gift).proofs == [try Self.edge(rig, "session")], "it is shown as a parent")
        #expect(snapshot.chain(of: gift)?.edges.count == 2)
        let explained = snapshot.explain(
            try Self.question(Self.dave, Self.space + "/kv/notes/a"), at: Timestamp(microseconds: Self.now))
        #expect(explained.decision.isAllowed)
        let candidate = try #require(explained.candidates.first)
        #expect(candidate.isRoot && candidate.supports.isEmpty, "it supports nothing")
        #expect(candidate.familyStatus == .active)
    }

    @Test func whatIsCitedEndsItForTheFamilyAndNotAtTheGate() throws {
        let note = Self.space + "/kv/notes/a"
        func judge(_ rig: GraphRig, at: Int64) throws -> (gate: Bool, family: String, status: EdgeStatus) {
            let time = Timestamp(microseconds: at)
            let explained = rig.graph.snapshot().explain(try Self.question(Self.dave, note), at: time)
            var family = "allow"
            let use = InvocationQuestion(
                invoker: try Plain.did(Self.dave), proofs: [Plain.multihash("gift")],
                capabilities: [try PlainCapability(note, "tinycloud.kv/get").graphValue()])
            do throws(InvocationDenial) {
                _ = try rig.graph.snapshot().checkInvocation(use, at: time)
            } catch {
                family = String(error.text.prefix { $0 != ":" })
            }
            let said = try #require(explained.candidates.first?.familyStatus)
            return (explained.decision.isAllowed, family, said)
        }
        let expiring = try GraphRig()
        _ = try expiring.admit(Self.signIn, at: Self.now)
        _ = try expiring.admit(Self.gift, at: Self.now)
        let session = try Self.edge(expiring, "session")
        var answer = try judge(expiring, at: Self.now + Self.hour)
        #expect(answer.gate && answer.family == "Unauthorized Action" && answer.status == .expired(cause: session))
        #expect(
            try expiring.revoke(
                PlainRevocation(id: "end", target: "session", signer: Self.wallet), at: Self.now) == "revoked")
        answer = try judge(expiring, at: Self.now)
        #expect(
            answer.gate && answer.family == "delegation-ancestor-revoked" && answer.status == .revoked(cause: session))
        // And revoked itself, it is dead for both.
        _ = try expiring.revoke(PlainRevocation(id: "end 2", target: "gift", signer: Self.wallet), at: Self.now)
        answer = try judge(expiring, at: Self.now)
        #expect(!answer.gate && answer.family == "delegation-revoked")
    }

    @Test func theStateOfWhatIsCitedIsNotAskedForSoOrderDoesNotMatter() throws {
        let revocation = PlainRevocation(id: "end", target: "session", signer: Self.wallet)
        let terminal = Self.statement(
            "terminal", Self.wallet, Self.session, ["\(Self.space)/kv"], isCacao: false, isTerminal: true)
        let citing = Self.statement(
            "citing", Self.wallet, Self.dave, ["\(Self.space)/kv/x"], cites: ["session", "terminal"],
            lasts: 48 * Self.hour)
        var states: Set<[String]> = []
        for revokesFirst in [true, false] {
            let rig = try GraphRig()
            _ = try rig.admit(Self.signIn, at: Self.now)
            _ = try rig.admit(terminal, at: Self.now)
            if revokesFirst { #expect(try rig.revoke(revocation, at: Self.now) == "revoked") }
            #expect(try rig.admit(Self.gift, at: Self.now) == "admitted")
            #expect(try rig.admit(citing, at: Self.now) == "admitted")
            if !revokesFirst { #expect(try rig.revoke(revocation, at: Self.now) == "revoked") }
            states.insert(
                try ["session", "gift", "citing"].map { "\($0) \(try Self.status(rig, $0).name)" }
                    + ["\(rig.graph.snapshot().view(try Self.edge(rig, "citing")).proofs.map(\.raw))"])
            #expect(try Self.status(rig, "gift") == .revoked(cause: try Self.edge(rig, "session")))
        }
        #expect(states.count == 1, "\(states)")
    }

    @Test func whatTheIssuerHasNoPartInIsAnsweredAsUnknown() throws {
        let rig = try GraphRig()
        _ = try rig.admit(Self.signIn, at: Self.now)
        #expect(try rig.admit(Self.foreign, at: Self.now) == "admitted")
        // What others gave on in the wallet's space, and what others gave the wallet, it may cite.
        let sub = Self.statement(
            "sub", Self.session, Self.carol, ["\(Self.space)/kv/a"], cites: ["session"], lasts: 60, isCacao: false)
        #expect(try rig.admit(sub, at: Self.now) == "admitted")
        let received = Self.statement("received", Self.stranger, Self.wallet, ["\(RandomAuthority.spaces[2])/kv/w"])
        #expect(try rig.admit(received, at: Self.now) == "admitted")
        func offer(_ cites: [String]) throws -> Refusal? {
            let statement = Self.statement(
                "citing \(cites)", Self.wallet, Self.dave, ["\(Self.space)/kv/x"], cites: cites)
            rig.writer.begin()
            defer { try? rig.writer.rollback() }
            guard
                case .refused(let refusal) = try rig.writer.admit(
                    try statement.graphValue(), at: Timestamp(microseconds: Self.now))
            else { return nil }
            return refusal
        }
        for cites in [["session"], ["sub"], ["received"], ["session", "sub", "received"]] {
            #expect(try offer(cites) == nil, "\(cites)")
        }
        for cites in [["nothing"], ["foreign"], ["session", "nothing"], ["foreign", "session"]] {
            let refusal = try #require(try offer(cites))
            #expect(refusal.code == .missingProof && refusal.text == "Cannot find parent delegation", "\(cites)")
        }
    }

    @Test func aKeyThatOwnsASpaceMayCiteLikeAWallet() throws {
        let rig = try GraphRig()
        let given = Self.statement("given", Self.keyOwner, Self.session, ["\(Self.keySpace)/kv"], isCacao: false)
        let second = Self.statement(
            "second", Self.keyOwner, Self.dave, ["\(Self.keySpace)/kv/a"], cites: ["given"], lasts: 48 * Self.hour,
            isCacao: false)
        let nothing = Self.statement("nothing at all", Self.keyOwner, Self.dave, [], cites: ["given"], isCacao: false)
        for statement in [given, second, nothing] {
            #expect(try rig.admit(statement, at: Self.now) == "admitted", "\(statement.id)")
        }
        let snapshot = rig.graph.snapshot()
        #expect(
            snapshot.check(
                try Self.question(Self.dave, Self.keySpace + "/kv/a"), at: Timestamp(microseconds: Self.now)
            ).isAllowed)
        #expect(snapshot.view(try Self.edge(rig, "second")).proofs.count == 1)
    }

    @Test func whatIsNotAllOwnedIsHeldToTheRuleOfProofs() throws {
        let rig = try GraphRig()
        _ = try rig.admit(Self.signIn, at: Self.now)
        let other = "\(RandomAuthority.spaces[2])/kv"
        let received = [
            Self.statement("received a", Self.stranger, Self.wallet, [other + "/a"]),
            Self.statement("received b", Self.stranger, Self.wallet, [other + "/b"]),
        ]
        for statement in received { _ = try rig.admit(statement, at: Self.now) }
        func offer(_ cites: [String], _ resources: [String]) throws -> String {
            try rig.admit(
                Self.statement(
                    "mixed \(cites) \(resources)", Self.wallet, Self.dave, resources, cites: cites, lasts: 60),
                at: Self.now)
        }
        let own = "\(Self.space)/kv/x"
        #expect(try offer(["received a", "received b"], [own, other + "/a", other + "/b/c"]) == "admitted")
        #expect(try offer(["received a"], [own, other + "/b"]) == "abilityNotCovered")
        #expect(try offer(["received a", "session"], [own, other + "/a"]) == "audienceMismatch")
        #expect(try offer([], [own, other + "/a"]) == "missingProof")
        let edge = try Self.edge(rig, "mixed [\"received a\", \"received b\"] \([own, other + "/a", other + "/b/c"])")
        _ = try rig.revoke(PlainRevocation(id: "end", target: "received a", signer: Self.stranger), at: Self.now)
        let snapshot = rig.graph.snapshot()
        let time = Timestamp(microseconds: Self.now)
        for (path, isAllowed) in [(own, true), (other + "/a", false), (other + "/b/c", true)] {
            #expect(snapshot.check(try Self.question(Self.dave, path), at: time).isAllowed == isAllowed, "\(path)")
        }
        #expect(snapshot.status(of: edge, at: time).name == "revoked", "the family's rule is of the whole token")
    }
}
