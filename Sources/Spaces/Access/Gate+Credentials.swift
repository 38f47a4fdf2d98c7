import ATProto
import CapabilityGraph
import Multiformats
import UCAN

extension GateCase {
    /// A delegation token says that a user lets an app ask; for a space held here, also that asking has a point
    /// (4.1, 13.8, reading 5).
    func mintDelegation() throws -> Ruling {
        guard case .account = caller else {
            if case .anonymous = caller { throw AccessRefusal.signInNeeded }
            throw AccessRefusal.notAccepted
        }
        let asker = try asker()
        try asker.require(.getDelegationToken(uri))
        if case .absent = try view.standing(of: uri), try !isUnderHostedAuthority() {
            return ruling(asker, Asker.control(asker.principal))
        }
        let record = try live(for: asker)
        let decision = asker.may(.spaceRead, space)
        if decision.isAllowed { return ruling(asker, decision, record) }
        if case .managingApp(let app) = record.settings.readPolicy {
            let policy = asker.may(try SpaceEdges.principal(managingApp: app), .spaceRead, space)
            guard policy.isAllowed else { throw AccessRefusal.spaceNotFound.with(policy) }
            return ruling(asker, policy, record)
        }
        throw refusal(.readSelfOnly, record, asker, decision)
    }

    /// Nobody makes this host ask another one about an application, or sign anything, before there is a space to ask
    /// for (13.9).
    func prepareCredential() throws -> Ruling {
        guard case .delegation(let user, let claimed, _, _, _, _) = caller else { throw AccessRefusal.notAccepted }
        guard claimed == uri else { throw AccessRefusal.wrongDelegation }
        let asker = Asker(user, in: view.graph, at: now)
        return ruling(asker, Asker.control(user), try live(for: asker))
    }

    /// The order of 13.9: hosted, deleted, app policy, user policy; the token's own checks are done, its single use
    /// comes last.
    func mintCredential() throws -> Ruling {
        guard case .delegation(let user, let claimed, _, _, let token, let app) = caller else {
            if case .anonymous = caller { throw AccessRefusal.signInNeeded }
            throw AccessRefusal.notAccepted
        }
        guard claimed == uri else { throw AccessRefusal.wrongDelegation }
        let asker = Asker(user, in: view.graph, at: now)
        let record = try live(for: asker)
        let connect = try self.connect(record, app, asker)
        let reader = asker.may(.spaceRead, space)
        let decision =
            reader.isAllowed
            ? reader : try managed(record.settings.readPolicy, asker, .read, clientID: app) ?? reader
        guard decision.isAllowed else { throw AccessRefusal.userNotAuthorized.with(decision) }
        // One that was minted here is an edge, and may have been ended or have lost what it rests on.
        let id = Multihash(code: .blake3_256, digest: BLAKE3.hash(token))
        if let edge = view.graph.edge(id), !view.graph.isInForce(edge, at: now) {
            throw AccessRefusal("InvalidDelegationToken", "the delegation token was revoked")
        }
        var result = ruling(asker, decision, record)
        result.further.append(connect)
        return result
    }

    /// The app policy; one that names whom it refuses needs to know who asks.
    private func connect(_ record: SpaceRecord, _ app: String?, _ asker: Asker) throws -> Decision {
        if let app {
            guard let principal = try? DID(application: app) else { throw AccessRefusal.appNotAuthorized }
            let decision = asker.may(principal, .spaceConnect, space)
            if decision.isAllowed { return decision }
            // Its edge is made with the first credential.
            if case .denyList(let denied) = record.settings.appAccess,
                !denied.contains(where: { UTF8Bytes.equal($0, app) })
            {
                return Asker.control(space.owner)
            }
            throw AccessRefusal.appNotAuthorized.with(decision)
        }
        let decision = asker.may(.anyone, .spaceConnect, space)
        guard decision.isAllowed else { throw AccessRefusal.appNotAuthorized.with(decision) }
        return decision
    }

    /// A credential reads its one space: by its edge when it was minted here, else by its authority's word, as long as
    /// that did not take it back (4.4, 4.8).
    func credential() throws -> Ruling {
        guard case .credential(let claimed, let key, let id, let jti, let expires) = caller else {
            throw AccessRefusal.notAccepted
        }
        guard claimed == uri else { throw AccessRefusal.wrongSpace }
        let asker = Asker(key, in: view.graph, at: now)
        if let edge = view.graph.edge(id) {
            let read = asker.may(.spaceRead, space)
            let connect = asker.may(.spaceConnect, space)
            guard try isCarried(edge, jti, key), read.isAllowed, connect.isAllowed else {
                throw try dead(edge, jti).with(read.isAllowed ? connect : read)
            }
            var result = ruling(asker, read)
            result.further.append(connect)
            return result
        }
        guard try !isUnderHostedAuthority(), now < expires.advanced(bySeconds: Credentials.clockSkew),
            try !view.tables.isRevoked(jti: jti, space: uri, at: now)
        else { throw AccessRefusal.credentialRevoked }
        return ruling(asker, Asker.control(space.owner))
    }

    /// What only the host of a space can tell, such as who writes in it: elsewhere a credential is no less good, but the
    /// space is not there (13.6, 13.10).
    func credentialOfHostedSpace() throws -> Ruling {
        let result = try credential()
        guard case .live = try view.standing(of: uri) else { throw AccessRefusal.spaceNotFound }
        return result
    }

    /// True while the edge of a credential's token is in force, or the one that was put in its place for the same key.
    private func isCarried(_ edge: Snapshot.EdgeID, _ jti: String, _ key: DID) throws -> Bool {
        if view.graph.isInForce(edge, at: now) { return true }
        guard view.graph.view(edge).ending == nil,
            let carrier = view.graph.edge(stored: try view.tables.carrier(ofCredential: jti, in: uri))
        else { return false }
        return UTF8Bytes.equal(view.graph.view(carrier).audience, key.text) && view.graph.isInForce(carrier, at: now)
    }

    /// Says why a credential of this host is dead: by itself, or with its space, which then is as one that never was.
    private func dead(_ edge: Snapshot.EdgeID, _ jti: String) throws -> AccessRefusal {
        guard case .deleted(let tombstone) = try view.standing(of: uri) else { return .credentialRevoked }
        if view.graph.graph.snapshot(at: tombstone.revision).isInForce(edge, at: now) { return .spaceNotFound }
        return try view.tables.wasDeleted(withSpace: jti, in: uri) ? .spaceNotFound : .credentialRevoked
    }

    /// News of the space go to who reads all of it (13.10).
    func follow() throws -> Ruling {
        if case .credential = caller { return try credentialOfHostedSpace() }
        let asker = try asker()
        try asker.require(SpaceAccess(uri, .read))
        let record = try live(for: asker)
        let decision = asker.may(.spaceRead, space)
        guard decision.isAllowed else { throw refusal(.readSelfOnly, record, asker, decision) }
        return try connected(ruling(asker, decision, record), asker)
    }

    /// A repo's host tells of a write in its author's name; the write policy says whether it counts (13.11).
    func notifyWrite(_ writer: DID) throws -> Ruling {
        let issuer = try service()
        guard issuer == writer else {
            throw AccessRefusal("Forbidden", "the notification is not signed by the repo's account")
        }
        let asker = try asker()
        // Who reports its own write learns nothing by it, so the refusals are those of the specification.
        guard case .live(let record) = try view.standing(of: uri) else { throw AccessRefusal.spaceNotFound }
        let writes = asker.may(.spaceWrite, space)
        let decision = writes.isAllowed ? writes : try managed(record.settings.writePolicy, asker, .write) ?? writes
        guard decision.isAllowed else { throw AccessRefusal.writeNotAuthorized.with(decision) }
        return ruling(asker, decision, record)
    }

    /// Only the space's authority ends its credentials elsewhere, or says that the space is gone (4.8, 13.12).
    func notifyByAuthority() throws -> Ruling {
        let issuer = try service()
        guard issuer == space.owner else {
            throw AccessRefusal("Forbidden", "the notification is not signed by the space's authority")
        }
        return ruling(try asker(), Asker.control(issuer))
    }

    /// The account in whose name another service calls.
    private func service() throws(AccessRefusal) -> DID {
        switch caller {
        case .service(let issuer, _, _, _): return issuer
        case .anonymous: throw .signInNeeded
        case .account, .invocation, .credential, .delegation: throw .notAccepted
        }
    }
}
