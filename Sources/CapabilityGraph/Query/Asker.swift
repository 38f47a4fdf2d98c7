public import Multiformats
public import UCAN

/// Names everyone a listing's `created` and `received` are meant for (design section 3, identity of the asker).
public struct Asker: Sendable {
    /// The invoker first; then, through a live root CACAO it cites, the issuer and its other session keys.
    public let principals: [DID]
    let numbers: [UInt32]
    /// The invoker, and the owners it acts for; what they are party to is shown whole.
    ///
    /// Other session keys of an owner are left out: an owner can make anybody's key the audience of a root CACAO, and
    /// what that key holds elsewhere must not become visible to the owner by it (design law 9).
    let selfNumbers: [UInt32]
}

extension Snapshot {
    /// Finds who the invoker is for a space: itself, and when it is the audience of a live root CACAO inside the
    /// closure of the proofs it cites, also that CACAO's issuer and the issuer's session keys that touch the space.
    ///
    /// Nothing a third party signs changes the answer: only CACAOs without proofs, issued by that very issuer, count.
    public func asker(invoker: DID, proofs: [Multihash], space: Space, at now: Timestamp) -> Asker {
        var principals = [invoker]
        var numbers: [UInt32] = []
        let own = principal(invoker)
        if let own { numbers.append(own) }
        var roots: [UInt32] = []
        let cited = proofs.compactMap { edge($0)?.raw }
        func consider(_ edge: UInt32) {
            let info = graph.info[edge]
            guard info.kind == EdgeKind.cacao.rawValue, info.proofCount == 0, info.audience == own, own != nil,
                isVisible(edge), !isEnded(edge), isInWindow(edge, now.microseconds), !roots.contains(info.issuer)
            else { return }
            roots.append(info.issuer)
        }
        for edge in cited { consider(edge) }
        _ = walkAbove(cited, alreadySeen: cited.count) { edge in
            consider(edge)
            return .continue
        }
        let spaceNumber = self.space(space)
        let selfNumbers = (own.map { [$0] } ?? []) + roots
        for root in roots {
            add(root, to: &principals, &numbers)
            guard let spaceNumber else { continue }
            var cursor = graph.lists.cursor(EdgeLists.Key(.issuerInSpace, root, spaceNumber))
            var visited = 0
            while let edge = cursor.next(), numbers.count < 1024, visited < 65_536 {
                visited += 1
                let info = graph.info[edge]
                guard info.kind == EdgeKind.cacao.rawValue, info.proofCount == 0, isVisible(edge), !isEnded(edge),
                    isInWindow(edge, now.microseconds),
                    graph.terms.bytes(info.audience).starts(with: "did:key:".utf8)
                else { continue }
                add(info.audience, to: &principals, &numbers)
            }
        }
        return Asker(principals: principals, numbers: numbers, selfNumbers: selfNumbers)
    }

    private func add(_ number: UInt32, to principals: inout [DID], _ numbers: inout [UInt32]) {
        guard !numbers.contains(number) else { return }
        numbers.append(number)
        principals.append(DID(trusted: graph.terms.text(number)))
    }
}
