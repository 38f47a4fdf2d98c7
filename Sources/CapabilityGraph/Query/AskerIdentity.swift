public import Multiformats
public import UCAN

/// Names everyone a listing's `created` and `received` are meant for (design section 3, identity of the asker).
public struct AskerIdentity: Sendable {
    let graph: Graph
    let invoker: DID
    /// The invoker, and the owners it acts for; what they are party to is shown whole.
    ///
    /// Other session keys of an owner are left out: an owner can sign in with anybody's key, and what that key holds
    /// elsewhere must not become visible to the owner by it (design law 9).
    let selves: [UInt32]
    /// When each other session key was one.
    let sessions: [UInt32: [Tenure]]

    /// The invoker first, then the owners it is a session of, then their other session keys, past ones too.
    public var principals: [DID] {
        [invoker] + (selves.dropFirst() + sessions.keys.sorted()).map { DID(trusted: graph.terms.text($0)) }
    }

    /// Everyone, the selves first.
    var numbers: [UInt32] { selves + sessions.keys }

    static let maxSignIns = 1 << 17
}

extension Snapshot {
    /// Finds who the invoker is: itself, and with it each owner that signed in with the invoker's key and one of whose
    /// delegations to that key is in the closure of the proofs it cites, both live; and all other keys that owner ever
    /// signed in with.
    ///
    /// Nothing a third party signs changes the answer: only what the owners signed whom the invoker itself cites counts.
    /// Throws `limitExceeded` for an owner that signed in more often than may be looked at.
    public func asker(invoker: DID, proofs: [Multihash], at now: Timestamp) throws(GraphError) -> AskerIdentity {
        guard let own = principal(invoker) else {
            return AskerIdentity(graph: graph, invoker: invoker, selves: [], sessions: [:])
        }
        var givers: [UInt32] = []
        let cited = proofs.compactMap { edge($0)?.raw }
        func consider(_ edge: UInt32) {
            let giver = graph.issuer(edge)
            guard graph.info[edge].kind == EdgeKind.cacao.code, graph.audience(edge) == own,
                isLive(edge, at: now), !givers.contains(giver)
            else { return }
            givers.append(giver)
        }
        for edge in cited { consider(edge) }
        _ = walkAbove(cited, alreadySeen: cited.count) { edge in
            consider(edge)
            return .continue
        }
        var owners: [UInt32] = []
        var keys: [UInt32: [Tenure]] = [:]
        for giver in givers {
            let signIns = try signIns(of: giver)
            guard signIns[own]?.contains(where: { isLive($0.edge, at: now) }) ?? false else { continue }
            owners.append(giver)
            keys.merge(signIns) { $0 + $1 }
        }
        let selves = [own] + owners.filter { $0 != own }
        let sessions = keys.filter { !selves.contains($0.key) }
        return AskerIdentity(graph: graph, invoker: invoker, selves: selves, sessions: sessions)
    }

    private func isLive(_ edge: UInt32, at now: Timestamp) -> Bool {
        isVisible(edge) && !isEnded(edge) && isInWindow(edge, now.microseconds)
    }

    /// The keys an owner signed in with, and when each was a session.
    func signIns(of owner: UInt32) throws(GraphError) -> [UInt32: [Tenure]] {
        var found: [UInt32: [Tenure]] = [:]
        var visited = 0
        var signIns = graph.lists.cursor(EdgeLists.Key(.signIns, owner))
        while let edge = signIns.next() {
            visited += 1
            guard visited <= AskerIdentity.maxSignIns else {
                throw GraphError(.limitExceeded, "the owner signed in more often than may be looked at")
            }
            guard isVisible(edge), let tenure = tenure(by: edge) else { continue }
            found[graph.audience(edge), default: []].append(tenure)
        }
        return found
    }
}
