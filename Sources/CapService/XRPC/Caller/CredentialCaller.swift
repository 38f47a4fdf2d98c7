import ATProto
import CapabilityGraph
import Identity
import Multiformats
import Spaces
import UCAN

extension XRPCCall {
    /// The caller of a space credential under the `DPoP` or `Atproto-Space` scheme (sections 4.4 to 4.6), of a space held
    /// here or anywhere: its authority is not asked, only its DID is resolved.
    ///
    /// Whether the credential was revoked, and whether it is for the space of the call, is the gate's to say.
    func credentialCaller(_ token: String, _ scheme: RequestCredential.Scheme) throws -> Caller {
        // The use of a proof is kept durably.
        if scheme == .proof { try willWait() }
        let digest = BLAKE3.hash(Array(token.utf8))
        let credential = try verified(token, digest)
        let use = try presentation(of: credential, scheme)
        let key = try credential.binding.holder
        if let use { try consume(use) }
        return .credential(
            space: credential.space, key: key, edge: Multihash(code: .blake3_256, digest: digest),
            jti: credential.id, expires: Timestamp(seconds: credential.expiresAt))
    }

    /// Verifies that the caller has the credential's key. A proof is verified each time; a request's signature, which
    /// covers nothing that changes from one request to the next, once.
    private func presentation(
        of credential: SpaceCredential, _ scheme: RequestCredential.Scheme
    ) throws -> TokenUse? {
        let (fields, audience) = (self.fields, try signatureAudience(credential.space))
        let name = scheme == .signature ? CredentialCache.name(fields, audience) : nil
        if let name, service.credentialCache.isSigned(name) { return nil }
        let use = try credential.verifyPresentation(
            fields, scheme: scheme, method: request.method.name, url: url(), audience: audience, at: now)
        if let name { service.credentialCache.rememberSigned(name) }
        return use
    }

    private func verified(_ token: String, _ digest: Digest) throws -> SpaceCredential {
        if let (known, key) = service.credentialCache.find(digest),
            try self.key(known.keyID, of: known.space.authority) == key
        {
            try known.requireUnexpired(at: now)
            return known
        }
        var used: PublicKey?
        let credential = try verifying { keys throws(ATProtoError) in
            try SpaceCredential.verify(
                token,
                keys: { did, keyID throws(ATProtoError) in
                    let key = try keys(did, keyID)
                    used = key
                    return key
                }, at: now)
        }
        if let used { service.credentialCache.remember(credential, used, digest) }
        return credential
    }

    /// Methods about one repo, whose signatures are addressed to its account (section 4.6).
    private static let repoMethods: Set<String> = [
        "getRecord", "listRecords", "getLatestCommit", "getRepoState", "getRepo", "listRepoOps", "getBlob", "listBlobs",
    ]

    /// Whom a signed request must be addressed to: the repo's account for what reads a repo, else the authority.
    private func signatureAudience(_ space: SpaceURI) throws(XRPCError) -> String {
        let method = nsid.utf8.split(separator: UInt8(ascii: ".")).last.map { String(Substring($0)) }
        guard let method, Self.repoMethods.contains(method) else { return space.authority }
        return try parameters.optionalText(.repo) ?? space.authority
    }
}

extension XRPCField {
    /// The account whose repo is read; `did` in the forms of other versions (13.4).
    static let repo = XRPCField("repo", or: ["did"])
}
