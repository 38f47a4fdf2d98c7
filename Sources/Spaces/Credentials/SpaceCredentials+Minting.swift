package import ATProto
import CapabilityGraph
import Identity
import Multiformats
import Storage
package import UCAN

extension SpaceCredentials {
    /// Signs a delegation token of its user, single use, 60 seconds (4.1), and keeps its edge: from the user to the
    /// host of the space's authority, on what admits the user and on the session that asked.
    ///
    /// For a space held elsewhere it rests on the session alone, since nothing is known here of who is a member there
    /// (reading 5).
    package func mintDelegation(_ permit: Permit, at now: Timestamp) throws -> Minted {
        try permit.require(.mintDelegation)
        let user = permit.principal
        let token = try DelegationToken.make(
            issuer: user.text, space: permit.space, key: try signer.key(of: user), at: now)
        let audience = try DID(service: permit.space.authority + ServiceID.spaceHost)
        try store.transact(at: now) { change in
            let permit = try permit.confirmed(in: change)
            var grounds = CredentialGrounds()
            if let session = permit.sessionEdge { grounds.rest(session: session, of: user) }
            if let record = try change.spaces.space(permit.space) {
                try grounds.restReading(permit.decision, of: record, in: change)
            }
            var statement = HostStatement(
                kind: .delegationToken, issuer: user, audience: audience, capabilities: grounds.capabilities,
                expires: grounds.window(until: token.expiresAt, in: change.graph), proofs: grounds.proofs,
                token: Array(token.text.utf8))
            statement.met = permit.context
            try change.admit(statement)
        }
        return Minted(text: token.text, id: token.id, expiresAt: Timestamp(seconds: token.expiresAt))
    }

    /// Verifies whose application asks (4.2); may wait for the client's host. Throws `InvalidClientAttestation`.
    package func attested(_ permit: Permit, _ text: String, at now: Timestamp) throws -> ClientAttestation {
        try permit.require(.prepareCredential)
        return try documents.attestation(text, for: permit.space, at: now)
    }

    /// Mints a credential for the holder of a key (4.3, 4.4, 13.9) and records whose it is.
    ///
    /// `uses` are those of the binding proof and the attestation. They and the delegation token are consumed in the
    /// transaction of the mint, after everything else, so that what is refused burns nothing. Throws `JwtReplayed`,
    /// `BadDpopProof` or `InvalidClientAttestation` for what was used before.
    package func exchange(
        _ permit: Permit, binding: SpaceCredential.Binding, uses: [TokenUse], at now: Timestamp
    ) throws -> Minted {
        let holder = try binding.holder
        try permit.require(.mintCredential(key: holder))
        let authority = try DID(permit.space.authority)
        let key = try signer.key(of: authority)
        let credential = try SpaceCredential.make(
            space: permit.space, binding: binding, keyID: try signer.credentialKeyID(of: authority, key.publicKey),
            key: key, lifetime: try allowedLifetime(permit, upTo: binding.maximumLifetime, at: now), at: now)
        let minted = Minted(
            text: credential.text, id: credential.id, expiresAt: Timestamp(seconds: credential.expiresAt))
        try admit(minted, for: holder, permit, uses: uses, at: now)
        return minted
    }

    /// Consumes what the exchange shows and makes the credential's edge and row, in one transaction.
    func admit(_ minted: Minted, for holder: DID, _ permit: Permit, uses: [TokenUse], at now: Timestamp) throws {
        try permit.require(.mintCredential(key: holder))
        let authority = try DID(permit.space.authority)
        try store.transact(at: now) { change in
            let permit = try permit.confirmed(in: change)
            guard case .delegation(let user, _, let mark, _, let token, let app) = permit.caller,
                let record = try change.spaces.space(permit.space)
            else { throw AccessRefusal.spaceNotFound }
            guard try change.use(mark) else { throw ATProtoError("JwtReplayed", "the token was used before") }
            for use in uses {
                guard try change.use(use.mark(of: user)) else { throw use.replayed }
            }
            var grounds = CredentialGrounds()
            try grounds.restReading(permit.decision, of: record, in: change)
            try grounds.restConnecting(permit.grounds.connect?.decision, of: record, app: app, in: change)
            if let session = change.graph.session(ofToken: token) { grounds.rest(session: session, of: user) }
            var facts: CBORMap = [
                "uri": .text(permit.space.text), "jti": .text(minted.id), "subject": .text(user.text),
                "expires": .int(minted.expiresAt.microseconds),
            ]
            facts["client"] = app.map { .text($0) }
            var statement = HostStatement(
                kind: .spaceCredential, issuer: authority, audience: holder, capabilities: grounds.capabilities,
                expires: grounds.window(until: UnixTime.second(of: minted.expiresAt), in: change.graph),
                proofs: grounds.proofs, actor: user, token: Array(minted.text.utf8), facts: facts)
            statement.met = permit.context
            try change.admit(statement)
        }
    }

    /// Whole seconds: what is configured, at most `maximum`, and no longer than any edge it rests on.
    private func allowedLifetime(
        _ permit: Permit, upTo maximum: Int64, at now: Timestamp
    ) throws -> Int64 {
        let graph = try store.freshSnapshot()
        var result = min(lifetime, maximum)
        for case .allow(let allowance)? in [permit.decision, permit.grounds.connect?.decision] {
            for step in allowance.route {
                guard let end = graph.view(step.edge).expires else { continue }
                result = min(result, UnixTime.second(of: end) - UnixTime.second(of: now))
            }
        }
        guard result > 0 else { throw AccessRefusal.userNotAuthorized }
        return result
    }
}

extension CredentialGrounds {
    /// When the edge of a token runs out: when nobody takes the token any more, clocks that differ included.
    fileprivate func window(until expiry: Int64, in graph: Snapshot) -> Timestamp {
        let end = Timestamp(seconds: expiry).advanced(bySeconds: Credentials.clockSkew)
        guard let first = self.expiry(in: graph), first.microseconds < end.microseconds else { return end }
        return first
    }
}

extension Snapshot {
    /// The session on which a delegation token of this host rests; nil for those of others.
    fileprivate func session(ofToken token: [UInt8]) -> EdgeID? {
        guard let edge = edge(Multihash(code: .blake3_256, digest: BLAKE3.hash(token))) else { return nil }
        return view(edge).proofs.first { view($0).kind == .session }
    }
}
