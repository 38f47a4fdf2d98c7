import ATProto
import CapabilityGraph
import Spaces
import Storage
import UCAN

/// What a getSpaceCredential call proves: a delegation token, and the key that the credential will be bound to
/// (atproto-spaces.md 4.1, 4.3). Nothing of it is consumed yet.
struct DelegationCall: Sendable {
    let token: DelegationToken
    /// The delegating user.
    let user: DID
    let binding: SpaceCredential.Binding
    /// The principal that holds the key: what the credential's edge is made for.
    let key: DID
    /// The use of a DPoP proof; nil for a signed request. To be consumed with the token's, in one transaction.
    let proof: TokenUse?

    /// The caller for the gate; `app` is the attested client id.
    func caller(app: String?) -> Caller {
        .delegation(
            user: user, space: token.space, mark: token.use.mark, expires: Timestamp(seconds: token.expiresAt),
            token: Array(token.text.utf8), app: app)
    }
}

extension XRPCCall {
    /// Verifies a delegation token and its binding proof, in the order of 4.1; only getSpaceCredential takes them.
    ///
    /// Whatever comes as `Bearer` is judged as one, so that its fault is named. Throws `AuthMissing` for none and for
    /// other schemes, the names of 4.1, `InvalidDelegationToken` for a token of another
    /// space than the call's, `InvalidRequest` for two proofs, `BadSpaceSignature` for none, and the names of 4.5 and 4.6.
    func delegationCaller(for space: SpaceURI) throws -> DelegationCall {
        let text: String
        switch try presented() {
        case .delegation(let token), .session(let token), .serviceAuth(let token), .invocation(let token): text = token
        case .none, .space, .oauth, .legacy:
            throw XRPCError("AuthMissing", "a delegation token is missing", challenge: "Bearer")
        }
        try willWait()
        let token = try verifying { keys throws(ATProtoError) in
            try DelegationToken.verify(text, keys: keys, at: now)
        }
        let proof = try BindingProof.verify(fields, method: request.method.name, url: url(), at: now)
        try token.require(space: space)
        let key = try proof.binding.holder
        return DelegationCall(
            token: token, user: try DID(token.issuer), binding: proof.binding, key: key, proof: proof.use)
    }
}
