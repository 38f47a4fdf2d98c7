import CapTesting
import CapabilityGraph
import Multiformats
import UCAN

/// A question for the gate, as text.
struct Probe: Hashable {
    var principal: String
    var ability: String
    var resource: String
    var context: [PlainCaveat]

    /// Draws a question, most of the time about something somebody holds.
    init(_ random: inout RandomAuthority, about statements: [PlainStatement]) {
        principal = random.pick(RandomAuthority.principals)
        ability = random.pick(RandomAuthority.abilities)
        resource = random.resource(in: random.pick(RandomAuthority.spaces))
        context = []
        guard !statements.isEmpty, random.percent(80) else { return }
        let statement = random.pick(statements)
        guard !statement.capabilities.isEmpty else { return }
        let capability = random.pick(statement.capabilities)
        if random.percent(90) { principal = statement.audience }
        if random.percent(80) { ability = capability.ability }
        if random.percent(80) { resource = capability.resource }
        if random.percent(20), resource.hasPrefix("tinycloud:"), !resource.contains(where: { "?#".contains($0) }) {
            resource += random.pick(["/", "/a"])
        }
        if random.percent(70) { context = capability.caveats }
    }

    func question() throws -> CheckQuestion {
        CheckQuestion(
            principal: try Plain.did(principal), ability: try Plain.ability(ability),
            resource: try Plain.resource(resource),
            context: context.isEmpty ? nil : CheckContext(caveats: Plain.caveats(context)))
    }
}

/// Holds a snapshot against the reference; every function gives the first difference, or nil.
struct Comparison {
    let snapshot: Snapshot
    let reference: ReferenceEvaluator
    let at: Int64

    var time: Timestamp { Timestamp(microseconds: at) }

    func edge(_ name: String) -> Snapshot.EdgeID? {
        guard let statement = reference.statement(name) else { return nil }
        return snapshot.edge(Plain.multihash(statement.id))
    }

    func names(_ edges: [Snapshot.EdgeID]) -> [String] {
        let byEdge = Dictionary(uniqueKeysWithValues: reference.order.map { (edge($0)?.raw ?? .max, $0) })
        return edges.map { byEdge[$0.raw] ?? "unknown edge \($0.raw)" }
    }

    /// Edges, statuses, chains and hosting.
    func structure() throws -> String? {
        guard snapshot.edgeCount == reference.order.count else {
            return "\(snapshot.edgeCount) edges, expected \(reference.order.count)"
        }
        for name in reference.order {
            guard let edge = edge(name) else { return "`\(name)` is not found" }
            let status = snapshot.status(of: edge, at: time)
            let expected = reference.status(of: name, at: at)
            guard status.name == expected else { return "`\(name)` is \(status.name), expected \(expected)" }
            if let difference = causeDifference(status, of: name) { return difference }
            let isEnded = snapshot.view(edge).ending?.revoker
            guard isEnded == reference.ended[name] else { return "`\(name)` was ended by \(isEnded ?? "nobody")" }
        }
        for space in RandomAuthority.spaces {
            guard snapshot.isHosted(try Space(space)) == reference.hosted.contains(space) else {
                return "hosting of `\(space)` differs"
            }
        }
        return nil
    }

    /// A cause that is named must itself be revoked, expired or pending, and stand in the closure.
    private func causeDifference(_ status: EdgeStatus, of name: String) -> String? {
        guard let cause = status.cause else { return nil }
        let culprit = names([cause])[0]
        guard reference.chain(of: name).contains(culprit), let statement = reference.statement(culprit) else {
            return "`\(name)` names \(culprit), which is not above it"
        }
        let isTrue =
            switch status {
            case .revoked: reference.ended[culprit] != nil
            case .expired: at >= statement.expires ?? .max
            case .pending: at < statement.notBefore ?? .min
            case .active, .undetermined: true
            }
        return isTrue ? nil : "`\(name)` is \(status.name) because of \(culprit), which is not"
    }

    /// The whole closure, each edge once and before its proofs.
    func chain(of name: String) -> String? {
        guard let edge = edge(name), let chain = snapshot.chain(of: edge) else { return "`\(name)` has no chain" }
        let names = names(chain.edges)
        let expected = reference.chain(of: name)
        guard names.first == name, names.count == expected.count, Set(names) == expected else {
            return "the chain of `\(name)` is \(names), expected \(expected)"
        }
        for (index, edge) in chain.edges.enumerated() {
            for proof in snapshot.view(edge).proofs {
                guard let place = chain.edges.firstIndex(of: proof), place > index else {
                    return "the chain of `\(name)` shows a proof before what rests on it"
                }
            }
        }
        return nil
    }

    /// The gate on so many drawn questions.
    func gate(_ count: Int, _ random: inout RandomAuthority) throws -> String? {
        let live = reference.liveGrants(at: at)
        let statements = reference.order.compactMap(reference.statement)
        for _ in 0..<count {
            let probe = Probe(&random, about: statements)
            let decision = snapshot.check(try probe.question(), at: time)
            let expected = reference.isAllowed(
                probe.principal, probe.ability, probe.resource, context: probe.context, live: live)
            guard decision.name == (expected ? "allow" : "deny") else {
                return "\(decision) for \(probe) at \(at), expected \(expected ? "allow" : "deny")"
            }
        }
        return nil
    }

    /// One drawn listing, whole.
    func listing(_ random: inout RandomAuthority) throws -> String? {
        let (query, listing, asker) = try Self.listing(&random, snapshot, reference, at: at)
        let page = snapshot.list(query, limit: 1000, selectedAt: time, now: time, current: snapshot)
        let rows = page.rows.map(\.edge)
        guard page.next == nil, rows == rows.sorted().reversed() else { return "a listing is not newest first" }
        let expected = reference.list(listing, asker: asker, at: at)
        guard Set(names(rows)) == expected else {
            return "\(listing) gives \(names(rows)), expected \(expected)"
        }
        return nil
    }

    /// Draws a listing in both languages; the asker's identity is compared on the way.
    static func listing(
        _ random: inout RandomAuthority, _ snapshot: Snapshot, _ reference: ReferenceEvaluator, at: Int64
    ) throws -> (ListQuery, ReferenceEvaluator.Listing, ReferenceEvaluator.Asker) {
        var listing = ReferenceEvaluator.Listing(space: random.pick(RandomAuthority.spaces))
        listing.direction = random.pick(["created", "received", "all"])
        if random.percent(30) { listing.path = random.pick(["", "a", "a/", "a/b", "ab", "/"]) }
        if random.percent(30) {
            listing.abilities = (0..<random.int(0, 2)).map { _ in random.pick(RandomAuthority.abilities) }
        }
        let all = ["active", "revoked", "expired", "pending"]
        if random.percent(60) { listing.statuses = Set(all.filter { _ in random.percent(50) }) }
        var invoker = random.pick(RandomAuthority.principals)
        var proofs: [String] = []
        // Proofs on more edges than a use may stand on say nothing about who asks.
        let citable = reference.order.filter { reference.chain(of: $0).count <= reference.maxClosureNodes }
        if !citable.isEmpty, random.percent(80) {
            let cited = reference.statement(random.pick(citable))
            proofs = [cited?.id ?? ""]
            if random.percent(80) { invoker = cited?.audience ?? invoker }
            if random.percent(10) { proofs.append("nothing") }
        }
        let space = try Space(listing.space)
        let asker = try snapshot.asker(
            invoker: try Plain.did(invoker), proofs: proofs.map(Plain.multihash), at: Timestamp(microseconds: at))
        let means = reference.asker(invoker, proofs: proofs, at: at)
        let expected = means.everyone
        guard Set(asker.principals.map(\.text)) == expected, asker.principals.count == expected.count else {
            throw Property.Difference(
                "\(invoker) with \(proofs) is \(asker.principals), expected \(expected)")
        }
        var query = ListQuery(space: space, asker: asker)
        query.direction = ListQuery.Direction(rawValue: listing.direction) ?? .all
        query.path = listing.path
        query.abilities = try listing.abilities?.map { try Ability($0) }
        query.statuses = Set(listing.statuses.compactMap(ListQuery.Status.init(rawValue:)))
        return (query, listing, means)
    }

    /// The whole history of one drawn account, for one who asks.
    func account(_ random: inout RandomAuthority) throws -> String? {
        let owner = random.pick(RandomAuthority.owners)
        let invoker = random.percent(40) ? owner : random.pick(RandomAuthority.principals)
        let rows = try snapshot.account(AccountQuery(owner: try Plain.did(owner), invoker: try Plain.did(invoker)))
        let names = names(rows.map(\.edge))
        let found = Dictionary(zip(names, rows.map(\.direction.rawValue)), uniquingKeysWith: { "\($0) and \($1)" })
        let expected = reference.account(of: owner, for: invoker)
        guard found == expected, names.count == found.count else {
            return "the account of \(owner) is \(found) for \(invoker), expected \(expected)"
        }
        return nil
    }

    /// One drawn use under cited proofs.
    func invocation(_ random: inout RandomAuthority) throws -> String? {
        guard !reference.order.isEmpty else { return nil }
        let statements = reference.order.compactMap(reference.statement)
        let first = random.pick(statements)
        var proofs = [first.id]
        let same = statements.filter { $0.audience == first.audience }
        if random.percent(30) { proofs.append(random.pick(same).id) }
        if random.percent(5) { proofs.append("nothing") }
        if random.percent(5) { proofs = [] }
        let invoker = random.percent(90) ? first.audience : random.pick(RandomAuthority.principals)
        var capabilities: [PlainCapability] = []
        for _ in 0..<random.int(0, 2) {
            let probe = Probe(&random, about: random.percent(80) ? [first] : same)
            capabilities.append(PlainCapability(probe.resource, probe.ability, probe.context))
        }
        let expected = reference.invocation(by: invoker, proofs: proofs, capabilities: capabilities, at: at)
        var answer = "allow"
        let question = InvocationQuestion(
            invoker: try Plain.did(invoker), proofs: proofs.map(Plain.multihash),
            capabilities: try capabilities.map { try $0.graphValue() })
        do throws(InvocationDenial) {
            _ = try snapshot.checkInvocation(question, at: time)
        } catch {
            answer = String(error.text.prefix { $0 != ":" })
        }
        guard answer == expected else {
            return "`\(answer)` for \(capabilities) by \(invoker) with \(proofs) at \(at), expected `\(expected)`"
        }
        return nil
    }

    /// Everything above, with so many questions to the gate.
    func all(_ random: inout RandomAuthority, checks: Int) throws -> String? {
        if let difference = try structure() { return difference }
        for name in reference.order { if let difference = chain(of: name) { return difference } }
        if let difference = try gate(checks, &random) { return difference }
        for _ in 0..<3 {
            if let difference = try listing(&random) { return difference }
            if let difference = try account(&random) { return difference }
            if let difference = try invocation(&random) { return difference }
        }
        return nil
    }
}
