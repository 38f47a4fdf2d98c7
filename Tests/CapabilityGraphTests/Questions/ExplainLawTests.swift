import CapTesting
import CapabilityGraph
import Multiformats
import Testing
import UCAN

/// Why and why not: what is named is so, the nearest is the nearest, a fix mends, and what stops it stops it.
@Suite struct ExplainLawTests {
    @Test func theFirstMissIsTheNearestAndEachIsTrue() throws {
        var kinds: Set<String> = []
        try Property.hold("misses", cases: 120) { generator in
            var world = try QuestionWorld(generator)
            for _ in 0..<20 {
                let probe = world.probe()
                let at = world.random.now + Int64(world.random.int(-20, 60))
                let live = world.reference.liveGrants(at: at)
                guard !world.isAllowed(probe, by: live) else { continue }
                let question = try probe.question()
                let misses = world.snapshot.misses(question, at: Timestamp(microseconds: at))
                let expected = world.reference.nearestCost(
                    probe.principal, probe.ability, probe.resource, context: probe.context, at: at)
                guard misses.shown.first?.cost == expected else {
                    return "\(probe) at \(at) is off by \(misses.shown.first?.cost ?? -1), expected \(expected ?? -1)"
                }
                guard misses.capped == nil else { return "a small world is cut" }
                guard misses.shown.map(\.cost) == misses.shown.map(\.cost).sorted() else { return "not nearest first" }
                guard Set(misses.shown.map(\.edge)).count == misses.shown.count else { return "an edge stands twice" }
                for miss in misses.shown {
                    kinds.formUnion(miss.defects.map(\.name))
                    if let difference = Self.difference(miss, probe, world, at) { return "\(difference) for \(probe)" }
                }
            }
            return nil
        }
        for kind in ["ability", "path", "expired", "ended", "pending", "caveat"] {
            #expect(kinds.contains(kind), "no case drew \(kind): \(kinds)")
        }
    }

    /// Holds a miss against the statements themselves.
    private static func difference(_ miss: Miss, _ probe: Probe, _ world: QuestionWorld, _ at: Int64) -> String? {
        guard miss.cost == miss.defects.reduce(0, { $0 + $1.cost }), !miss.defects.isEmpty else { return "a wrong sum" }
        guard miss.route.first == miss.edge, world.statement(miss.edge)?.audience == probe.principal else {
            return "a miss that is not the principal's"
        }
        for (edge, next) in zip(miss.route, miss.route.dropFirst()) {
            guard world.snapshot.view(edge).proofs.contains(next) else { return "the route jumps" }
        }
        for defect in miss.defects {
            guard let edge = defect.edge, miss.route.contains(edge), let statement = world.statement(edge) else {
                return "a defect off the route"
            }
            let name = statement.statement
            let isTrue =
                switch defect.kind {
                case .ended(let ended): world.reference.ended[name] == ended.by && ended.code == "revoked"
                case .expired(let end): statement.expires == end.microseconds && at >= end.microseconds
                case .pending(let start): statement.notBefore == start.microseconds && at < start.microseconds
                case .ability(let held): held == miss.capability.ability
                case .path(let held, _): held == miss.capability.resource
                case .caveat: !miss.capability.caveats.isEmpty
                case .unsupported, .condition, .unseen: false
                }
            guard isTrue else { return "\(defect) is not so" }
        }
        return nil
    }

    @Test func aFixMendsAndNothingLessDoes() throws {
        var efforts: Set<Int> = []
        try Property.hold("fixes", cases: 120) { generator in
            var world = try QuestionWorld(generator)
            let now = world.random.now
            for _ in 0..<12 {
                let probe = world.probe()
                // Before now some things had not begun; who signs does so now.
                let at = world.random.percent(30) ? now - Int64(world.random.int(1, 15)) : now
                guard !world.isAllowed(probe, by: world.reference.liveGrants(at: at)) else { continue }
                let question = try probe.question()
                let time = Timestamp(microseconds: at)
                let misses = world.snapshot.misses(question, at: time)
                let fixes = world.snapshot.fixes(question, after: misses, at: time, lifetime: 1)
                efforts.formUnion(fixes.fixes.map(\.effort))
                for fix in fixes.fixes {
                    if let text = try Self.difference(fix, probe, world, at) {
                        return "\(text): \(fix) for \(probe) at \(at)"
                    }
                }
                let own = fixes.fixes.first?.effort == 0
                if !own, Self.couldWait(probe, world, from: at) { return "\(probe) had only to wait from \(at)" }
                guard fixes.fixes.contains(where: { $0.effort == 1 }) || fixes.unfixable == .nobodyControls || own
                else {
                    return "no fix for \(probe): \(fixes)"
                }
            }
            return nil
        }
        // What the asker does alone is rare among what is drawn: `whatTheAskerDoesAloneComesFirst` has it by hand.
        #expect(efforts.contains(1) && efforts.isSubset(of: [0, 1]))
    }

    private static func difference(
        _ fix: Fix, _ probe: Probe, _ world: QuestionWorld, _ at: Int64
    ) throws -> String? {
        var question = try probe.question()
        var until = at
        for step in fix.steps {
            switch step {
            case .context(let caveats): question.context = CheckContext(caveats: caveats)
            case .wait(let moment):
                guard moment.microseconds > at else { return "waits for the past" }
                until = moment.microseconds
            case .delegate(let step):
                return try difference(step, probe, world, at)
            case .say, .putMember, .allowApplication, .setPolicy: return "a step of another family"
            }
        }
        guard world.snapshot.check(question, at: Timestamp(microseconds: until)).isAllowed else {
            return "does not mend"
        }
        guard question.context == (try probe.question()).context else { return nil }
        return world.isAllowed(probe, by: world.reference.liveGrants(at: until)) ? nil : "the reference refuses still"
    }

    /// Signs the delegation in both worlds, and in weaker forms that must not do.
    private static func difference(
        _ step: DelegationStep, _ probe: Probe, _ world: QuestionWorld, _ at: Int64
    ) throws -> String? {
        let held = step.proofs.first.flatMap(world.statement)
        guard step.proofs.isEmpty || held?.audience == step.issuer.text else { return "the issuer holds no such proof" }
        let index = held?.capabilities.firstIndex { capability in
            Plain.caveats(capability.caveats) == step.capability.caveats
        }
        let plain = PlainStatement(
            id: "the fix", isCacao: step.issuer.text.hasPrefix("did:pkh"), issuer: step.issuer.text,
            audience: step.audience.text,
            capabilities: [
                PlainCapability(
                    step.capability.resource.text, step.capability.ability.text,
                    index.flatMap { held?.capabilities[$0].caveats } ?? [])
            ], notBefore: step.notBefore?.microseconds, expires: step.expires.microseconds,
            proofs: held.map { [$0.id] } ?? [])
        func outcome(_ statement: PlainStatement) throws -> (admission: String, allowed: Bool, live: Bool) {
            let copy = try world.copy()
            let admission = try copy.admit(statement, at: at)
            var reference = world.reference
            guard reference.admit(statement, at: at) == admission else { return ("differs", false, false) }
            let live = reference.isAllowed(
                probe.principal, probe.ability, probe.resource, context: probe.context,
                live: reference.liveGrants(at: at))
            let decision = copy.graph.snapshot().check(try probe.question(), at: Timestamp(microseconds: at))
            return (admission, decision.isAllowed, live)
        }
        let made = try outcome(plain)
        guard made == ("admitted", true, true) else { return "signed, it gives \(made)" }
        var weaker: [PlainStatement] = []
        var other = plain
        other.audience = probe.principal == KeyName.did("Nobody") ? KeyName.did("Agent1") : KeyName.did("Nobody")
        weaker.append(other)
        other = plain
        other.expires = at
        weaker.append(other)
        if !plain.proofs.isEmpty {
            other = plain
            other.proofs = []
            weaker.append(other)
        }
        other = plain
        other.capabilities[0].ability = "app.example/other"
        weaker.append(other)
        if probe.resource.hasPrefix("tinycloud:"), !probe.resource.contains(where: { "?#".contains($0) }) {
            other = plain
            other.capabilities[0].resource += probe.resource.hasSuffix("/") ? "deeper" : "/deeper"
            weaker.append(other)
        }
        for statement in weaker where try outcome(statement).allowed { return "\(statement) would do as well" }
        return nil
    }

    /// True where the same question is allowed at some later instant at which something begins.
    private static func couldWait(_ probe: Probe, _ world: QuestionWorld, from at: Int64) -> Bool {
        world.reference.order.compactMap { world.reference.statement($0)?.notBefore }.filter { $0 > at }.contains {
            world.isAllowed(probe, by: world.reference.liveGrants(at: $0))
        }
    }

    @Test func whatStopsAnAllowanceStopsItAndNothingLess() throws {
        var stopped = 0
        try Property.hold("to stop it", cases: 80) { generator in
            var world = try QuestionWorld(generator)
            let now = world.random.now
            for _ in 0..<25 {
                let probe = world.probe()
                guard world.isAllowed(probe, by: world.reference.liveGrants(at: now)) else { continue }
                let question = try probe.question()
                let time = Timestamp(microseconds: now)
                guard let stopping = world.snapshot.stopping(question, at: time), stopping.isComplete else {
                    return "nothing stops \(probe)"
                }
                guard !stopping.isOwn else {
                    guard question.resource.rootAuthority == question.principal else {
                        return "\(probe) is not its own"
                    }
                    continue
                }
                stopped += 1
                guard stopping.ways.count + stopping.moreWays >= stopping.edges.count else { return "ways are missing" }
                func isAllowed(without edges: [Snapshot.EdgeID]) throws -> Bool {
                    let copy = try world.copy()
                    for edge in edges {
                        guard let target = world.statement(edge) else { throw Property.Difference("an unknown edge") }
                        let end = PlainRevocation(id: "end \(target.id)", target: target.id, signer: target.issuer)
                        guard try copy.revoke(end, at: now) == "revoked" else { throw Property.Difference("not ended") }
                    }
                    return copy.graph.snapshot().check(question, at: time).isAllowed
                }
                guard try !isAllowed(without: stopping.edges) else {
                    return "\(probe) goes on without \(stopping.edges)"
                }
                for edge in stopping.edges {
                    guard try isAllowed(without: stopping.edges.filter { $0 != edge }) else {
                        return "\(probe) needs no end of \(edge)"
                    }
                }
            }
            return nil
        }
        #expect(stopped > 20)
    }

    @Test func whoSeesOnlyItselfIsNamedNobodyElse() throws {
        try Property.hold("law 9 of fixes", cases: 60) { generator in
            var world = try QuestionWorld(generator)
            let at = Timestamp(microseconds: world.random.now)
            for _ in 0..<15 {
                let question = try world.probe().question()
                guard !world.snapshot.check(question, at: at).isAllowed else { continue }
                let viewer = QuestionViewer.party(question.principal, knowsUnit: true)
                let misses = world.snapshot.misses(question, at: at, for: viewer)
                let fixes = world.snapshot.fixes(question, after: misses, at: at, for: viewer)
                var known: Set<String> = [question.resource.rootAuthority?.text ?? "", question.principal.text]
                let chains = Set(misses.shown.flatMap(\.route))
                for edge in chains {
                    known.formUnion([world.snapshot.view(edge).issuer, world.snapshot.view(edge).audience])
                }
                for fix in fixes.fixes {
                    let named = [fix.by?.text ?? ""] + fix.alsoBy.map(\.text)
                    guard named.allSatisfy({ known.contains($0) || $0.isEmpty }) else { return "names \(named)" }
                    for case .delegate(let step) in fix.steps {
                        guard step.proofs.allSatisfy(chains.contains) else { return "shows \(step.proofs)" }
                    }
                    guard misses.shown.isEmpty ? fix.moreSigners == 0 : true else { return "counts for a stranger" }
                }
            }
            return nil
        }
    }
}
