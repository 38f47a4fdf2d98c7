import ATProto
import CapabilityGraph
import Multiformats
package import UCAN

extension SpaceCredentials {
    /// A credential of profile X that is signed and in force for nobody yet (4.9).
    package struct UnboundDraft: Sendable {
        let minted: Minted
        /// Whoever shows the text: what the credential will be minted for.
        package let holder: DID
    }

    /// The two shapes of unbound credentials.
    package enum UnboundForm: Sendable {
        /// Today's type without `cnf`.
        case unbound
        /// HV2.5 and HV2.6: names its member.
        case member
    }

    /// Signs an unbound credential of the permit's user, which opens nothing before it is exchanged for.
    package func draft(_ permit: Permit, _ form: UnboundForm, at now: Timestamp) throws -> UnboundDraft {
        try permit.require(.prepareCredential)
        let authority = try DID(permit.space.authority)
        let key = try signer.key(of: authority)
        let (id, lifetime) = (TokenID.random(), min(lifetime, LegacyToken.unboundLifetime))
        let text: String
        switch form {
        case .unbound:
            text = try LegacyToken.makeUnbound(
                space: permit.space, keyID: try signer.credentialKeyID(of: authority, key.publicKey), key: key,
                lifetime: lifetime, at: now, id: id)
        case .member:
            text = try LegacyToken.makeCredential(
                member: permit.principal.text, space: permit.space, key: key, lifetime: lifetime, at: now,
                id: id)
        }
        let digest = BLAKE3.hash(Array(text.utf8))
        let expiry = Timestamp(seconds: UnixTime.second(of: now) + lifetime)
        return UnboundDraft(
            minted: Minted(text: text, id: id, expiresAt: expiry), holder: try DID(bearer: digest))
    }

    /// Puts a draft in force, on what admits its user and on the space being open to every application: nothing is
    /// attested here.
    package func exchange(_ permit: Permit, unbound draft: UnboundDraft, at now: Timestamp) throws -> Minted {
        try admit(draft.minted, for: draft.holder, permit, uses: [], at: now)
        return draft.minted
    }
}
