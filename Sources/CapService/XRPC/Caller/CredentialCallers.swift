import ATProto
import CapabilityGraph
import Identity
import Multiformats
import Spaces
import Storage
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
        let (credential, holder) = try verified(token, digest)
        let use = try presentation(of: credential, scheme)
        if let use { try consume(use, of: holder) }
        return .credential(
            space: credential.space, key: holder, edge: Multihash(code: .blake3_256, digest: digest),
            jti: credential.id, expires: Timestamp(seconds: credential.expiresAt))
    }

    /// Verifies that the caller has the credential's key. A proof is verified each time; a request's signature, which
    /// covers nothing that changes from one request to the next, once.
    private func presentation(
        of credential: SpaceCredential, _ scheme: RequestCredential.Scheme
    ) throws -> TokenUse? {
        let audience = try signatureAudience(credential.space)
        let name = scheme == .signature ? CredentialCache.name(request.headers, audience) : nil
        if let name, service.credentialCache.isSigned(name) { return nil }
        let use = try credential.verifyPresentation(
            fields, scheme: scheme, method: request.method.name, url: url(), audience: audience, at: now)
        if let name { service.credentialCache.rememberSigned(name) }
        return use
    }

    /// The credential, and the principal that holds the key it is bound to.
    private func verified(_ token: String, _ digest: Digest) throws -> (SpaceCredential, DID) {
        if let known = service.credentialCache.find(digest),
            try self.key(known.credential.keyID, of: known.credential.space.authority) == known.key
        {
            try known.credential.requireUnexpired(at: now)
            return (known.credential, known.holder)
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
        let holder = try credential.binding.holder
        if let used { service.credentialCache.remember(credential, used, holder, digest) }
        return (credential, holder)
    }

    /// Methods about one repo, whose signatures are addressed to its account (section 4.6).
    private static let repoMethods: Set<String> = [
        "getRecord", "listRecords", "getLatestCommit", "getRepoState", "getRepo", "listRepoOps", "getBlob", "listBlobs",
    ]

    /// Whom a signed request must be addressed to: the repo's account for what reads a repo, else the authority.
    private func signatureAudience(_ space: SpaceURI) throws(XRPCError) -> String {
        guard let dot = nsid.utf8.lastIndex(of: UInt8(ascii: ".")),
            Self.repoMethods.contains(String(nsid[nsid.utf8.index(after: dot)...]))
        else { return space.authority }
        return try parameters.optionalText(.repo) ?? space.authority
    }
}

extension XRPCField {
    /// The account whose repo is read; `did` in the forms of other versions (13.4).
    static let repo = XRPCField("repo", or: ["did"])
}

/// Remembers credentials whose signature was found sound under a key, by the hash of their text, and the signed requests
/// that use them.
///
/// Refusals are never remembered, and an entry counts only as long as the authority publishes that key and the
/// credential has not expired. What a stranger can put in is bounded: in number, and by `maximumLength` each.
struct CredentialCache: Sendable {
    struct Entry: Sendable {
        let credential: SpaceCredential
        /// The key it was verified with, to be compared with the one published now.
        let key: PublicKey
        let holder: DID
    }

    private static let maximumLength = 2048
    private let entries = BoundedCache<Digest, Entry>(generation: 4096)
    private let signed = BoundedCache<Digest, Bool>(generation: 8192)
    private let headers = BoundedCache<Digest, RequestCredential>(generation: 2048)

    func find(_ digest: Digest) -> Entry? { entries[digest] }

    func remember(_ credential: SpaceCredential, _ key: PublicKey, _ holder: DID, _ digest: Digest) {
        guard credential.text.utf8.count <= Self.maximumLength else { return }
        entries.insert(Entry(credential: credential, key: key, holder: holder), for: digest)
    }

    /// What a value of `Authorization` is by its form, of which nothing is verified.
    func classified(
        _ header: ArraySlice<UInt8>, _ classify: () throws(ATProtoError) -> RequestCredential
    ) throws(ATProtoError) -> RequestCredential {
        guard header.count <= Self.maximumLength else { return try classify() }
        // By its bytes: texts that look the same are not the same token.
        let name = header.withUnsafeBytes { BLAKE3.hash($0) }
        if let known = headers[name] { return known }
        let found = try classify()
        headers.insert(found, for: name)
        return found
    }

    /// Names everything that the judgement of a signed request rests on: all its fields, which hold the credential and by
    /// it the key, and the audience that is demanded. nil where time has a say too.
    static func name(_ headers: HTTPHeaders, _ audience: String) -> Digest? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(2048)
        func append(_ number: Int) {
            withUnsafeBytes(of: UInt32(clamping: number)) { bytes.append(contentsOf: $0) }
        }
        append(audience.utf8.count)
        bytes.append(contentsOf: audience.utf8)
        for name in ["Authorization", "Atproto-Space-Audience", "Signature-Input", "Signature"] {
            let values = headers.values(name)
            append(values.count)
            for value in values {
                append(value.count)
                bytes.append(contentsOf: value)
            }
        }
        for input in headers.values("Signature-Input") {
            guard !ASCII.contains(input, "created"), !ASCII.contains(input, "expires") else { return nil }
        }
        return BLAKE3.hash(bytes)
    }

    func isSigned(_ name: Digest) -> Bool { signed[name] == true }
    func rememberSigned(_ name: Digest) { signed.insert(true, for: name) }
}

extension XRPCCall {
    /// The caller of an unbound credential of profile X, which the classification lets through only where it is on
    /// (section 4.9). Whoever has seen the token may use it, so its own hash is the principal.
    func legacyCaller(_ text: String, _ form: LegacyToken.Form) throws -> Caller {
        let token = try verifying { keys throws(ATProtoError) in
            // An authority without a key for its spaces signs with its account's (section 2).
            try LegacyToken.verify(
                text, form: form,
                keys: { did, keyID throws(ATProtoError) in
                    if let key = try keys(did, keyID) { return key }
                    return keyID == KeyID.space ? try keys(did, KeyID.account) : nil
                }, at: now)
        }
        let digest = BLAKE3.hash(Array(text.utf8))
        return .credential(
            space: token.space, key: try DID(bearer: digest), edge: Multihash(code: .blake3_256, digest: digest),
            jti: token.id ?? Base16.encode(digest.bytes), expires: Timestamp(seconds: token.expiresAt))
    }
}

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
            user: user, space: token.space, mark: token.use.mark(of: user),
            expires: Timestamp(seconds: token.expiresAt),
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
