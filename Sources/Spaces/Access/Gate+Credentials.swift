import ATProto
import CapabilityGraph
import Multiformats
import UCAN

extension GateCase {
    /// A delegation token that was minted here is an edge, and may have been ended or have lost what it rests on.
    func requireTokenInForce() throws(AccessRefusal) {
        guard case .delegation(_, _, _, _, let token, _) = caller,
            let edge = view.graph.edge(Multihash(code: .blake3_256, digest: BLAKE3.hash(token)))
        else { return }
        guard view.graph.isInForce(edge, at: now) else { throw .delegationRevoked }
    }

    /// A credential reads its one space: by its edge when it was minted here, else by its authority's word, as long as
    /// that did not take it back (4.4, 4.8). What only the host of a space can tell, such as who writes in it, needs it
    /// here: elsewhere a credential is no less good, but the space is not there (13.6, 13.10).
    func credential(_ presence: OperationRow.Presence) throws -> Ruling {
        let result = try credential()
        guard presence == .here else { return result }
        guard case .live = view.standing(of: uri) else { throw AccessRefusal.spaceNotFound }
        return result
    }

    private func credential() throws -> Ruling {
        guard case .credential(let claimed, let key, let id, let jti, let expires) = caller else {
            throw AccessRefusal.notAccepted
        }
        guard claimed == uri else { throw AccessRefusal.wrongSpace }
        let asker = Questioner(key, in: view.graph, at: now)
        if let edge = view.graph.edge(id) {
            let read = asker.may(.spaceRead, space)
            let connect = asker.may(.spaceConnect, space)
            guard view.graph.isInForce(edge, at: now), read.isAllowed, connect.isAllowed else {
                throw try dead(edge, jti).with((read.isAllowed ? connect : read).decision)
            }
            var result = ruling(asker, read)
            result.grounds.connect = connect
            return result
        }
        // Of a space held here nothing but the edge counts, not even what everybody may.
        guard try !isUnderHostedAuthority() else { throw AccessRefusal.credentialRevoked }
        var context = CheckContext()
        context.credential = ForeignCredential(space: space, holder: key, expires: expires)
        context.isHeldElsewhere = true
        let judgement = asker.may(.spaceRead, space, context)
        guard judgement.isAllowed, !view.spaces.isRevoked(jti: jti, space: uri, at: now) else {
            throw AccessRefusal.credentialRevoked.with(judgement.decision)
        }
        return ruling(asker, judgement)
    }

    /// Says why a credential of this host is dead: by itself, or with its space, which then is as one that never was.
    private func dead(_ edge: Snapshot.EdgeID, _ jti: String) throws -> AccessRefusal {
        guard case .deleted(let tombstone) = view.standing(of: uri) else { return .credentialRevoked }
        if view.graph.asOf(tombstone.revision).isInForce(edge, at: now) { return .spaceNotFound }
        return try view.tables.wasDeleted(withSpace: jti, in: uri) ? .spaceNotFound : .credentialRevoked
    }
}

extension Snapshot {
    /// The managing application that a refused question waits for, and for which access; nil where none is asked.
    func managingApp(askedFor decision: Decision?) -> (app: String, access: ManagingAppWord.Access)? {
        guard case .deny(let denial)? = decision, case .missingContext = denial.cause, let edge = denial.edge else {
            return nil
        }
        return view(edge).capabilities.lazy.compactMap(\.caveats.managingApp).first
    }
}
