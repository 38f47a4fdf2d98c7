/// Judges plain statements by the rules of the specification: small, slow, and sharing no code with the product.
///
/// A value: a copy is the state at that moment. Statements are kept under the name of what was signed, so that twins are
/// one; every question looks at all of them.
public struct ReferenceEvaluator: Sendable {
    struct Held: Sendable {
        var statement: PlainStatement
        var parts: [PlainRules.Parts]
        /// The place among all changes, and when it was admitted, in whole seconds of microseconds: what a log keeps.
        var place = 0
        var admittedAt: Int64 = 0

        func owns(_ index: Int) -> Bool { parts[index].owner == statement.issuer }
    }

    /// By name of the signed statement.
    var held: [String: Held] = [:]
    /// Names of signed statements in the order of admission: parents stand before children.
    public private(set) var order: [String] = []
    /// The signed statement behind each known id.
    var names: [String: String] = [:]
    /// Who ended a statement.
    public internal(set) var ended: [String: String] = [:]
    /// The place of that among all changes.
    var endedPlace: [String: Int] = [:]
    var changeCount = 0
    public internal(set) var hosted: Set<String> = []
    /// Hosts a space with its owner's first statement about it, whatever the ability.
    public var hostsOpenly = false
    public var maxClosureNodes = 64
    public var maxProofs = 16
    public var maxCapabilities = 1024

    public init() {}

    public func statement(_ name: String) -> PlainStatement? { held[name]?.statement }

    /// The signed statement behind an id.
    public func name(ofID id: String) -> String? { names[id] }

    // MARK: admission

    /// Offers a statement; answers `admitted`, `existing`, `twin` or the code of the refusal.
    public mutating func admit(_ statement: PlainStatement, at now: Int64) -> String {
        if names[statement.id] != nil { return "existing" }
        if held[statement.statement] != nil {
            names[statement.id] = statement.statement
            return "twin"
        }
        var offered = Held(statement: statement, parts: statement.capabilities.map { PlainRules.parts($0.resource) })
        if let code = refusal(offered, at: now) { return code }
        changeCount += 1
        offered.place = changeCount
        offered.admittedAt = now / 1_000_000 * 1_000_000
        held[statement.statement] = offered
        names[statement.id] = statement.statement
        order.append(statement.statement)
        for index in offered.parts.indices where offered.owns(index) {
            guard case .place(let space, _, let service, let path, let suffix) = offered.parts[index] else { continue }
            let isHosting =
                service == "space" && path == nil && suffix.isEmpty
                && statement.capabilities[index].ability == "tinycloud.space/host"
            if hostsOpenly || isHosting { hosted.insert(space) }
        }
        return "admitted"
    }

    private func refusal(_ offered: Held, at now: Int64) -> String? {
        let statement = offered.statement
        // 1. The statement by itself.
        if statement.capabilities.count > maxCapabilities || statement.proofs.count > maxProofs {
            return "limitExceeded"
        }
        if let expires = statement.expires, now >= expires { return "expired" }
        if let notBefore = statement.notBefore, now < notBefore { return "notYetValid" }
        // 2. Its proofs and everything above them.
        let dependent = offered.parts.indices.filter { !offered.owns($0) }
        let found = statement.proofs.map { names[$0] }
        if found.contains(nil) || (found.isEmpty && !dependent.isEmpty) { return "missingProof" }
        var parents: [String] = []
        for case let name? in found where !parents.contains(name) { parents.append(name) }
        if dependent.isEmpty {
            // What its issuer owns whole needs no proof: it may cite what the issuer gave, got or governs, in any state.
            if parents.contains(where: { !hasPart(statement.issuer, in: $0) }) { return "missingProof" }
            return closure(parents).count > maxClosureNodes ? "chainLimitExceeded" : nil
        }
        // Whoever has no part in a proof of somebody else's is told that it is not there.
        let strange = parents.filter { held[$0]?.statement.audience != statement.issuer }
        if strange.contains(where: { !hasPart(statement.issuer, in: $0) }) { return "missingProof" }
        if !strange.isEmpty { return "audienceMismatch" }
        if parents.contains(where: { ended[$0] != nil }) { return "parentRevoked" }
        let closure = closure(parents)
        if closure.contains(where: { ended[$0] != nil }) { return "ancestorRevoked" }
        if closure.count > maxClosureNodes { return "chainLimitExceeded" }
        if parents.contains(where: { held[$0]?.statement.isTerminal == true }) { return "terminalParent" }
        // 3. Windows: parents that do not enclose the child are set aside.
        let reasons = parents.map { windowProblem(of: statement, under: $0) }
        let usable = zip(parents, reasons).filter { $0.1 == nil }.map(\.0)
        if usable.isEmpty, let reason = reasons.first { return reason }
        // 4. Each capability that the issuer does not own.
        for index in dependent {
            let candidates = usable.flatMap { covering(statement.capabilities[index], offered.parts[index], in: $0) }
            if candidates.isEmpty {
                // A parent that was set aside, and would have covered it, is what is wrong.
                for (parent, reason) in zip(parents, reasons) {
                    guard let reason else { continue }
                    if !covering(statement.capabilities[index], offered.parts[index], in: parent).isEmpty {
                        return reason
                    }
                }
                return "abilityNotCovered"
            }
            let isContained = candidates.contains {
                PlainRules.caveatsCover(
                    caveats(of: $0), statement.capabilities[index].caveats, delegating: true)
            }
            if !isContained { return "caveatsNotContained" }
        }
        return nil
    }

    /// True for who issued or received a statement, or owns something that it names.
    func hasPart(_ principal: String, in name: String) -> Bool {
        guard let held = held[name] else { return false }
        return held.statement.issuer == principal || held.statement.audience == principal
            || held.parts.contains { $0.owner == principal }
    }

    /// Why a child's window is not inside the parent's, or nil.
    private func windowProblem(of child: PlainStatement, under name: String) -> String? {
        guard let parent = held[name]?.statement else { return "missingProof" }
        if let expires = parent.expires, (child.expires ?? .max) > expires { return "expiryExceedsParent" }
        if let notBefore = parent.notBefore, (child.notBefore ?? .min) < notBefore { return "notBeforePrecedesParent" }
        return nil
    }

    // MARK: the graph

    /// One capability of one statement.
    public struct Grant: Hashable, Sendable {
        public var statement: String
        public var index: Int
    }

    func caveats(of grant: Grant) -> [PlainCaveat] {
        held[grant.statement]?.statement.capabilities[grant.index].caveats ?? []
    }

    /// The capabilities of a statement that cover ability and resource, caveats apart.
    func covering(_ capability: PlainCapability, _ parts: PlainRules.Parts, in name: String) -> [Grant] {
        guard let held = held[name] else { return [] }
        return held.parts.indices.filter { index in
            PlainRules.abilityCovers(held.statement.capabilities[index].ability, capability.ability)
                && PlainRules.covers(held.parts[index], parts)
        }.map { Grant(statement: name, index: $0) }
    }

    /// The distinct statements that a statement cites.
    func parents(of name: String) -> Set<String> {
        Set(held[name]?.statement.proofs.compactMap { names[$0] } ?? [])
    }

    /// These statements and everything above them.
    func closure(_ start: [String]) -> Set<String> {
        var reached: Set<String> = []
        func visit(_ name: String) {
            guard reached.insert(name).inserted else { return }
            for parent in parents(of: name) { visit(parent) }
        }
        for name in start { visit(name) }
        return reached
    }

    /// True when a statement is by itself usable at an instant.
    func isAlive(_ name: String, at now: Int64) -> Bool {
        guard let statement = held[name]?.statement, ended[name] == nil else { return false }
        return (statement.notBefore ?? .min) <= now && now < (statement.expires ?? .max)
    }

    /// Every capability from which a path of live statements leads to an owner (design law 2).
    public func liveGrants(at now: Int64) -> Set<Grant> {
        var live: Set<Grant> = []
        for name in order {
            guard let held = held[name], isAlive(name, at: now) else { continue }
            for index in held.parts.indices {
                let capability = held.statement.capabilities[index]
                let isSupported =
                    held.owns(index)
                    || parents(of: name).contains { parent in
                        windowProblem(of: held.statement, under: parent) == nil
                            && covering(capability, held.parts[index], in: parent).contains { grant in
                                live.contains(grant)
                                    && PlainRules.caveatsCover(caveats(of: grant), capability.caveats, delegating: true)
                            }
                    }
                if isSupported { live.insert(Grant(statement: name, index: index)) }
            }
        }
        return live
    }
}
