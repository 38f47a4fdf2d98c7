/// Whose statements an asker or an account means, written down a second time from the protocol page.
extension ReferenceEvaluator {
    /// Everyone a listing is meant for (design section 3, identity of the asker).
    public struct Asker: Sendable {
        /// The invoker and the owners it acts for.
        public var selves: Set<String>
        /// The sign-ins of every other key of those owners.
        public var sessions: [String: [String]] = [:]

        public var everyone: Set<String> { selves.union(sessions.keys) }

        func means(_ principal: String, _ statement: String, _ world: ReferenceEvaluator) -> Bool {
            selves.contains(principal) || (sessions[principal] ?? []).contains { world.reaches($0, statement) }
        }
    }

    public func asker(_ invoker: String, proofs: [String], at now: Int64) -> Asker {
        let cited = closure(proofs.compactMap { names[$0] })
        func live(_ names: some Sequence<String>) -> [PlainStatement] {
            names.filter { isAlive($0, at: now) }.compactMap(statement).filter { $0.isCacao && $0.audience == invoker }
        }
        let signers = Set(live(order.filter(isSignIn)).map(\.issuer))
        let owners = Set(live(cited).map(\.issuer)).intersection(signers)
        var asker = Asker(selves: owners.union([invoker]))
        for name in order {
            guard isSignIn(name), let given = statement(name), owners.contains(given.issuer),
                !asker.selves.contains(given.audience)
            else { continue }
            asker.sessions[given.audience, default: []].append(name)
        }
        return asker
    }

    public var signInCount: Int { order.count(where: isSignIn) }

    /// True for a wallet's delegation to a key by which the wallet signs in.
    func isSignIn(_ name: String) -> Bool {
        guard let held = held[name], held.statement.isCacao, held.statement.proofs.isEmpty,
            held.statement.audience.hasPrefix("did:key:")
        else { return false }
        func has(_ service: String, _ abilities: [String], in space: String? = nil, paths: [String?] = [nil]) -> Bool {
            abilities.allSatisfy { ability in
                held.parts.indices.contains { index in
                    guard case .place(let own, _, service, let path, "") = held.parts[index],
                        held.statement.capabilities[index].caveats.isEmpty, space == nil || space == own
                    else { return false }
                    return paths.contains(path)
                        && PlainRules.abilityCovers(held.statement.capabilities[index].ability, ability)
                }
            }
        }
        let manages = ["list", "revoke", "status"].contains {
            has("delegation", ["tinycloud.delegation/" + $0], paths: [nil, ""])
        }
        return Set(held.parts.compactMap(\.space)).contains { space in
            has("capabilities", ["tinycloud.capabilities/read"], in: space)
                && (manages || has("kv", ["get", "put", "del", "list"].map { "tinycloud.kv/" + $0 }, in: space))
        }
    }

    /// True when a statement was admitted before a delegation, or anything above that, ended.
    func reaches(_ delegation: String, _ statement: String) -> Bool {
        guard let later = held[statement] else { return false }
        return closure([delegation]).allSatisfy { name in
            (endedPlace[name] ?? .max) > later.place && later.admittedAt < (self.statement(name)?.expires ?? .max)
        }
    }

    /// What an account granted and received, for who asks; `granted` or `received` by name (tinycloud.md 6.6).
    public func account(of owner: String, for invoker: String) -> [String: String] {
        let signIns = order.filter { isSignIn($0) && statement($0)?.issuer == owner }
        var grantors: [String: [String]] = [:]
        func take(_ name: String) -> Bool {
            guard let key = statement(name)?.audience, key != owner, key.hasPrefix("did:key:"),
                !(grantors[key] ?? []).contains(name)
            else { return false }
            grantors[key, default: []].append(name)
            return true
        }
        for name in signIns { _ = take(name) }
        var isGrowing = true
        while isGrowing {
            isGrowing = false
            for name in order where lists(name, for: owner) {
                guard let issuer = statement(name)?.issuer, issuer == owner || grantors[issuer] != nil else { continue }
                if take(name) { isGrowing = true }
            }
        }
        var rows: [String: String] = [:]
        for name in order where hasPart(owner, in: name) || hasPart(invoker, in: name) {
            guard let row = statement(name) else { continue }
            if row.issuer == owner || (grantors[row.issuer] ?? []).contains(where: { reaches($0, name) }) {
                rows[name] = "granted"
            } else if row.audience == owner || row.audience == invoker
                || signIns.contains(where: { statement($0)?.audience == row.audience && reaches($0, name) })
            {
                rows[name] = "received"
            }
        }
        return rows
    }

    private func lists(_ name: String, for owner: String) -> Bool {
        guard let held = held[name] else { return false }
        return held.parts.indices.contains { index in
            guard case .place(_, owner, "delegation", let path, "") = held.parts[index] else { return false }
            return (path ?? "").isEmpty && held.statement.capabilities[index].ability == "tinycloud.delegation/list"
        }
    }
}
