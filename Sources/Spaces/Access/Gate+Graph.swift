import ATProto
import CapabilityGraph
import Multiformats
import UCAN

extension GateCase {
    /// Who manages a space sees all its edges; everybody else who may know of it, what concerns itself (design law 9).
    func readGraph(of principal: DID?, _ asker: Questioner, _ record: SpaceRecord?) throws -> Ruling {
        let manager = asker.may(.spaceManageUpdate, space)
        if manager.isAllowed { return managing(asker, manager, record) }
        guard isVisible(to: asker) else { throw AccessRefusal.spaceNotFound.with(manager.decision) }
        guard principal.map({ $0 == asker.principal }) ?? true else {
            throw AccessRefusal.notSpaceOwner.with(manager.decision)
        }
        return ruling(asker, asker.inOwnName(), record)
    }

    /// Who may end an edge is the table of its kind (`EdgeKind.endedBy`): who manages the space by that right, everybody
    /// else by what it has to do with the edge itself.
    func endEdge(_ id: Multihash, _ asker: Questioner, _ record: SpaceRecord?) throws -> Ruling {
        let manager = asker.may(.spaceManageUpdate, space)
        guard manager.isAllowed || isVisible(to: asker) else {
            throw AccessRefusal.spaceNotFound.with(manager.decision)
        }
        guard let edge = view.graph.edge(id), view.graph.touches(edge, space),
            manager.isAllowed || view.graph.concerns(edge, asker.principal)
        else { throw AccessRefusal.edgeNotFound }
        let rights = view.graph.rights(of: asker.principal, toEnd: edge) { $0 == space && manager.isAllowed }
        if !rights.isDisjoint(with: [.manager, .managerOfAll]) {
            try asker.require(.updateSpace(uri))
            return managing(asker, manager, record)
        }
        guard !rights.isEmpty else { throw AccessRefusal.notSpaceOwner.with(manager.decision) }
        try asker.require(.getDelegationToken(uri))
        return ruling(asker, asker.inOwnName(), record)
    }

    private func managing(_ asker: Questioner, _ judgement: Judgement, _ record: SpaceRecord?) -> Ruling {
        var result = ruling(asker, judgement, record)
        result.manages = true
        return result
    }

    /// An account makes spaces under its own DID, or under an authority the service holds (14.1).
    func createSpace(_ asker: Questioner) throws -> Ruling {
        if gate.accounts.isServiceAuthority(space.owner) {
            return ruling(asker, asker.may(space.owner, .spaceManageCreate, space))
        }
        let judgement = asker.may(.spaceManageCreate, space)
        guard judgement.isAllowed, try view.isHosted(space.owner, by: gate.accounts) else {
            throw AccessRefusal.foreignSpace.with(judgement.decision)
        }
        return ruling(asker, judgement)
    }
}
