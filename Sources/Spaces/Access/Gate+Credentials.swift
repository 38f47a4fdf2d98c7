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
        if case .absent = view.standing(of: uri), try !isUnderHostedAuthority() {
            return ruling(asker, asker.inOwnName())
        }
        let record = try live(for: asker)
        let decision = asker.may(.spaceRead, space)
        if decision.isAllowed { return ruling(asker, decision, record) }
        // The application is asked when the credential is.
        if let (app, access) = view.graph.managingApp(askedFor: decision), access == .read {
            var context = context
            context.managingApp = ManagingAppWord(app: app, access: access, isAuthorized: true)
            var result = ruling(asker, asker.may(.spaceRead, space, context), record)
            result.context = context
            return result
        }
        throw refusal(.readSelfOnly, record, asker, decision)
    }

    /// Nobody makes this host ask another one about an application, or sign anything, before there is a space to ask
    /// for (13.9).
    func prepareCredential() throws -> Ruling {
        guard case .delegation(let user, let claimed, _, _, _, _) = caller else { throw AccessRefusal.notAccepted }
        guard claimed == uri else { throw AccessRefusal.wrongDelegation }
        let asker = Questioner(user, in: view.graph, at: now)
        return ruling(asker, asker.inOwnName(), try live(for: asker))
    }

    /// The order of 13.9: hosted, deleted, app policy, user policy; the token's own checks are done, its single use
    /// comes last.
    func mintCredential() throws -> Ruling {
        guard case .delegation(let user, let claimed, _, _, let token, let app) = caller else {
            if case .anonymous = caller { throw AccessRefusal.signInNeeded }
            throw AccessRefusal.notAccepted
        }
        guard claimed == uri else { throw AccessRefusal.wrongDelegation }
        let asker = Questioner(user, in: view.graph, at: now, context: context)
        let record = try live(for: asker)
        let connect = try self.connect(app, asker)
        let decision = asker.may(.spaceRead, space)
        guard decision.isAllowed else { throw AccessRefusal.userNotAuthorized.with(decision) }
        // One that was minted here is an edge, and may have been ended or have lost what it rests on.
        let id = Multihash(code: .blake3_256, digest: BLAKE3.hash(token))
        if let edge = view.graph.edge(id), !view.graph.isInForce(edge, at: now) {
            throw AccessRefusal("InvalidDelegationToken", "the delegation token was revoked")
        }
        var result = ruling(asker, decision, record)
        result.grounds.connect = connect
        return result
    }

    /// The app policy, of the attested application or of any.
    private func connect(_ app: String?, _ asker: Questioner) throws(AccessRefusal) -> Decision {
        let client = app.map { try? DID(application: $0) } ?? DID.anyone
        guard let client else { throw AccessRefusal.appNotAuthorized }
        let decision = asker.may(client, .spaceConnect, space)
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
        let asker = Questioner(key, in: view.graph, at: now)
        if let edge = view.graph.edge(id) {
            let read = asker.may(.spaceRead, space)
            let connect = asker.may(.spaceConnect, space)
            guard view.graph.isInForce(edge, at: now), read.isAllowed, connect.isAllowed else {
                throw try dead(edge, jti).with(read.isAllowed ? connect : read)
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
        let decision = asker.may(.spaceRead, space, context)
        guard decision.isAllowed, !view.spaces.isRevoked(jti: jti, space: uri, at: now) else {
            throw AccessRefusal.credentialRevoked.with(decision)
        }
        return ruling(asker, decision)
    }

    /// What only the host of a space can tell, such as who writes in it: elsewhere a credential is no less good, but the
    /// space is not there (13.6, 13.10).
    func credentialOfHostedSpace() throws -> Ruling {
        let result = try credential()
        guard case .live = view.standing(of: uri) else { throw AccessRefusal.spaceNotFound }
        return result
    }

    /// Says why a credential of this host is dead: by itself, or with its space, which then is as one that never was.
    private func dead(_ edge: Snapshot.EdgeID, _ jti: String) throws -> AccessRefusal {
        guard case .deleted(let tombstone) = view.standing(of: uri) else { return .credentialRevoked }
        if view.graph.asOf(tombstone.revision).isInForce(edge, at: now) { return .spaceNotFound }
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
        guard case .live(let record) = view.standing(of: uri) else { throw AccessRefusal.spaceNotFound }
        let decision = asker.may(.spaceWrite, space)
        guard decision.isAllowed else { throw AccessRefusal.writeNotAuthorized.with(decision) }
        return ruling(asker, decision, record)
    }

    /// Only the space's authority ends its credentials elsewhere, or says that the space is gone (4.8, 13.12).
    func notifyByAuthority() throws -> Ruling {
        let issuer = try service()
        guard issuer == space.owner else {
            throw AccessRefusal("Forbidden", "the notification is not signed by the space's authority")
        }
        let asker = try asker()
        return ruling(asker, asker.may(.spaceManage, space))
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

extension Snapshot {
    /// The managing application that a refused question waits for, and for which access; nil where none is asked.
    func managingApp(askedFor decision: Decision?) -> (app: String, access: ManagingAppWord.Access)? {
        guard case .deny(let denial)? = decision, case .missingContext = denial.cause, let edge = denial.edge else {
            return nil
        }
        return view(edge).capabilities.lazy.compactMap(\.caveats.managingApp).first
    }
}
