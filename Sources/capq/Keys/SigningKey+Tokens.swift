import Multiformats
import UCAN

extension SigningKey {
    /// Signs a use of capabilities, addressed to the signer itself.
    func invocation(
        _ capabilities: [TokenCapability],
        proofs: [CID],
        expires: Timestamp,
        facts: [JSON] = []
    ) throws(UCANError) -> UnverifiedToken {
        try TokenMaker.ucan(
            issuer: key,
            audience: did,
            capabilities: capabilities,
            proofs: proofs,
            expires: expires,
            nonce: TokenMaker.freshNonce(),
            facts: facts,
            issuerDID: wallet == nil ? nil : did
        )
    }

    /// Signs a delegation to `audience`.
    func delegation(
        to audience: DID,
        _ capabilities: [TokenCapability],
        proofs: [CID],
        notBefore: Timestamp? = nil,
        expires: Timestamp,
        facts: [JSON] = []
    ) throws(UCANError) -> UnverifiedToken {
        try TokenMaker.ucan(
            issuer: key,
            audience: audience,
            capabilities: capabilities,
            proofs: proofs,
            expires: expires,
            notBefore: notBefore,
            nonce: TokenMaker.freshNonce(),
            facts: facts,
            issuerDID: wallet == nil ? nil : did
        )
    }
}
