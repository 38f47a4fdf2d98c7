import ATProto
import CapabilityGraph
import Multiformats
import UCAN

extension GateCase {
    /// Who manages a space sees all its edges; everybody else who may know of it, what concerns itself (design law 9).
    func readGraph(of principal: DID?) throws -> Ruling {
        let asker = try asker()
        try asker.require(.showSpace(uri))
        let record = try live(for: asker)
        let manager = asker.may(.spaceManageUpdate, space)
        if manager.isAllowed { return managing(asker, manager, record) }
        guard isVisible(record, to: asker) else { throw AccessRefusal.spaceNotFound.with(manager) }
        guard principal.map({ $0 == asker.principal }) ?? true else { throw AccessRefusal.notSpaceOwner.with(manager) }
        return ruling(asker, asker.inOwnName(), record)
    }

    /// Who may end an edge is the table of its kind (`EdgeKind.endedBy`): who manages the space by that right, everybody
    /// else by what it has to do with the edge itself.
    func endEdge(_ id: Multihash) throws -> Ruling {
        let asker = try asker()
        let record = try live(for: asker)
        let manager = asker.may(.spaceManageUpdate, space)
        guard manager.isAllowed || isVisible(record, to: asker) else {
            throw AccessRefusal.spaceNotFound.with(manager)
        }
        guard let edge = view.graph.edge(id), view.graph.touches(edge, space),
            manager.isAllowed || view.graph.concerns(edge, asker.principal)
        else { throw AccessRefusal.edgeNotFound }
        let rights = view.graph.rights(of: asker.principal, toEnd: edge) { $0 == space && manager.isAllowed }
        if !rights.isDisjoint(with: [.manager, .managerOfAll]) {
            try asker.require(.updateSpace(uri))
            return managing(asker, manager, record)
        }
        guard !rights.isEmpty else { throw AccessRefusal.notSpaceOwner.with(manager) }
        try asker.require(.getDelegationToken(uri))
        return ruling(asker, asker.inOwnName(), record)
    }

    private func managing(_ asker: Questioner, _ decision: Decision, _ record: SpaceRecord) -> Ruling {
        var result = ruling(asker, decision, record)
        result.manages = true
        return result
    }
}
