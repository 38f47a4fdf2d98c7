public import UCAN

/// Holds what binds a credential to whoever asks for it: the key that signed the exchange (section 4.3).
public struct BindingProof: Hashable, Sendable {
    public let binding: SpaceCredential.Binding
    /// To be consumed last; a request signature has nothing to consume.
    public let use: TokenUse?

    /// Verifies the one proof of a getSpaceCredential call; `url` is its public URL.
    ///
    /// Throws `InvalidRequest` for both kinds at once, and the names of 4.5 and 4.6. Without any proof the request is one
    /// of profile N that lacks its signature, `BadSpaceSignature`: those of P are told by their `DPoP` header.
    public static func verify(
        _ fields: PresentedFields, method: String, url: String, at now: Timestamp
    ) throws(ATProtoError) -> BindingProof {
        let isSigned = !fields.signatureInput.isEmpty || !fields.signature.isEmpty
        guard isSigned || fields.proof.isEmpty else {
            let request = DPoPProof.Request(method: method, url: url, accessToken: nil)
            let proof = try DPoPProof.verify(fields.proof, for: request, at: now)
            return BindingProof(binding: .thumbprint(proof.thumbprint), use: proof.use)
        }
        guard fields.proof.isEmpty else {
            throw .invalidRequest("the request has both a DPoP proof and a signature")
        }
        return BindingProof(binding: .key(try RequestSignature.verifyObtaining(fields, at: now)), use: nil)
    }
}

extension SpaceCredential {
    /// Verifies that whoever presents the credential has its key; `audience` is the DID that section 4.6 demands of
    /// the method called, `scheme` that of the request's `Authorization`.
    ///
    /// Gives what to consume last, if anything. Throws `BadJwtCnf` for a credential presented under the other scheme,
    /// and the names of 4.5 and 4.6.
    public func verifyPresentation(
        _ fields: PresentedFields, scheme: RequestCredential.Scheme, method: String, url: String, audience: String,
        at now: Timestamp
    ) throws(ATProtoError) -> TokenUse? {
        switch (binding, scheme) {
        case (.thumbprint(let thumbprint), .proof):
            let request = DPoPProof.Request(method: method, url: url, accessToken: text)
            let proof = try DPoPProof.verify(fields.proof, for: request, at: now)
            try proof.require(thumbprint: thumbprint)
            return proof.use
        case (.key(let key), .signature):
            try RequestSignature.verifyUse(fields, by: key, audience: audience, at: now)
            return nil
        case (.thumbprint, .signature), (.key, .proof):
            throw ATProtoError("BadJwtCnf", "the credential is bound in another way than it is presented")
        }
    }
}
