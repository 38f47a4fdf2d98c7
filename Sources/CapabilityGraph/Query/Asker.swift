public import Multiformats
public import UCAN

/// Names everyone a listing's `created` and `received` are meant for (design section 3, identity of the asker).
public struct Asker: Sendable {
    /// The invoker first; then, through a live sign-in it cites, the issuer and its other session keys, past ones too.
    public let principals: [DID]
    /// The invoker, and the owners it acts for; what they are party to is shown whole.
    ///
    /// Other session keys of an owner are left out: an owner can sign in with anybody's key, and what that key holds
    /// elsewhere must not become visible to the owner by it (design law 9).
    let selves: [UInt32]
    /// When each other session key was one.
    let sessions: [UInt32: [Tenure]]

    /// Everyone, the selves first.
    var numbers: [UInt32] { selves + sessions.keys }

    /// True when a principal is meant with regard to one statement.
    func includes(_ principal: UInt32, at statement: UInt32, in snapshot: Snapshot) -> Bool {
        if selves.contains(principal) { return true }
        return sessions[principal]?.contains { snapshot.holds($0, at: statement) } ?? false
    }

    static let maxStatements = 1 << 17
}

extension Snapshot {
    /// Finds who the invoker is: itself, and when a live sign-in in the closure of the proofs it cites was made for it,
    /// also that sign-in's issuer and all other keys the issuer ever signed in with.
    ///
    /// Nothing a third party signs changes the answer: only what that very issuer signed counts. Throws `limitExceeded`
    /// for an issuer of more statements than may be looked at.
    public func asker(invoker: DID, proofs: [Multihash], at now: Timestamp) throws(GraphError) -> Asker {
        guard let own = principal(invoker) else { return Asker(principals: [invoker], selves: [], sessions: [:]) }
        var owners: [UInt32] = []
        let cited = proofs.compactMap { edge($0)?.raw }
        func consider(_ edge: UInt32) {
            let info = graph.info[edge]
            guard info.flags.contains(.signsIn), info.audience == own, isVisible(edge), !isEnded(edge),
                isInWindow(edge, now.microseconds), !owners.contains(info.issuer)
            else { return }
            owners.append(info.issuer)
        }
        for edge in cited { consider(edge) }
        _ = walkAbove(cited, alreadySeen: cited.count) { edge in
            consider(edge)
            return .continue
        }
        let selves = [own] + owners.filter { $0 != own }
        var sessions: [UInt32: [Tenure]] = [:]
        for owner in owners {
            for (key, tenures) in try signIns(of: owner) where !selves.contains(key) {
                sessions[key, default: []] += tenures
            }
        }
        let names = (selves + sessions.keys.sorted()).map { DID(trusted: graph.terms.text($0)) }
        return Asker(principals: names, selves: selves, sessions: sessions)
    }

    /// The keys an owner signed in with, and when each was a session.
    func signIns(of owner: UInt32) throws(GraphError) -> [UInt32: [Tenure]] {
        var found: [UInt32: [Tenure]] = [:]
        var visited = 0
        var issued = PrincipalEdges(graph, owner, isIssuer: true)
        while let edge = issued.next() {
            visited += 1
            guard visited <= Asker.maxStatements else {
                throw GraphError(.limitExceeded, "the owner issued more delegations than may be looked at")
            }
            let info = graph.info[edge]
            guard isVisible(edge), info.flags.contains(.signsIn), let tenure = tenure(by: edge) else { continue }
            found[info.audience, default: []].append(tenure)
        }
        return found
    }
}
