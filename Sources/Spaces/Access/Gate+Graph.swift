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

    /// Who manages a space ends any of its edges; everybody, what it handed on itself or had minted for itself.
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
        let found = view.graph.view(edge)
        // What somebody signed may carry other spaces too, which are not this manager's to take.
        if manager.isAllowed,
            found.kind.isHostStatement || found.capabilities.allSatisfy({ $0.resource.space == space })
        {
            try asker.require(.updateSpace(uri))
            return managing(asker, manager, record)
        }
        guard found.kind == .spaceCredential || UTF8Bytes.equal(found.issuer, asker.principal.text) else {
            throw AccessRefusal.notSpaceOwner.with(manager)
        }
        try asker.require(.getDelegationToken(uri))
        return ruling(asker, asker.inOwnName(), record)
    }

    private func managing(_ asker: Questioner, _ decision: Decision, _ record: SpaceRecord) -> Ruling {
        var result = ruling(asker, decision, record)
        result.manages = true
        return result
    }
}
