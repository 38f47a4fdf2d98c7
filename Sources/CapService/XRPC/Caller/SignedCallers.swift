import ATProto
import CapabilityGraph
import Identity
import Multiformats
import Spaces
import Storage
import UCAN

extension XRPCCall {
    /// The caller of service authentication for this very method (section 4.7); its use is consumed.
    ///
    /// A wrong audience is `BadJwtAudience`, of a notification 403 `Forbidden` (13.11).
    func serviceCaller(_ token: String, audiences: [String]? = nil) throws -> Caller {
        try willWait()
        let accepted = try audiences ?? self.audiences(of: token)
        let verified: ServiceAuthToken
        do {
            verified = try verifying { keys throws(ATProtoError) in
                try ServiceAuthToken.verify(token, audiences: accepted, method: nsid, keys: keys, at: now)
            }
        } catch let error as ATProtoError where error.name == "BadJwtAudience" && isNotification {
            throw XRPCError("Forbidden", error.message)
        }
        let issuer = try DID(verified.issuer)
        try consume(verified.use, of: issuer)
        return .service(
            issuer: issuer, audience: verified.audience, method: verified.method,
            session: try service.accounts.session(ofServiceAuth: token))
    }

    private var isNotification: Bool {
        nsid.utf8.split(separator: UInt8(ascii: ".")).last?.starts(with: "notify".utf8) == true
    }

    /// The identifiers a token may be addressed to: this service's, and those of the account that it names where that is
    /// hosted here, unless the call is about a space of another account here. News of a write is for the authority of the
    /// space, as itself or as its host, and for nobody else; of a revocation for accounts that have repos here.
    private func audiences(of token: String) throws -> [String] {
        if nsid == "com.atproto.space.notifyWrite", let authority = claimedSpace?.authority,
            try self.service.accounts.account(did: authority) != nil
        {
            return [authority, authority + ServiceID.spaceHost]
        }
        // A revocation goes to the accounts whose repos a credential reads, each by its bare DID (4.7).
        if nsid == "com.atproto.space.notifyCredentialRevoked" {
            guard let named = ServiceAuthToken.unverifiedAudience(token),
                try self.service.accounts.account(did: named) != nil
            else { return [] }
            return [named]
        }
        let service = try self.service.address.serviceDID()
        var accepted = [service, self.service.nodeDID.text].flatMap(Self.names)
        guard let named = ServiceAuthToken.unverifiedAudience(token), let identifier = try? ServiceIdentifier(named),
            try self.service.accounts.account(did: identifier.did) != nil
        else { return accepted }
        if let authority = claimedSpace?.authority, !UTF8Bytes.equal(authority, identifier.did),
            try self.service.accounts.account(did: authority) != nil
        {
            return accepted
        }
        accepted += Self.names(identifier.did)
        return accepted
    }

    private static func names(_ did: String) -> [String] {
        [did, did + ServiceID.spaceHost, did + ServiceID.personalDataServer]
    }

    /// The space the call says it is about; nil where it names none, or not as it must, which its handler refuses.
    private var claimedSpace: SpaceURI? {
        let text = request.method == .post ? try? input.optionalText(.space) : try? parameters.optionalText(.space)
        return (text ?? nil).flatMap { try? SpaceURI(accepting: $0) }
    }
}

extension XRPCCall {
    /// The caller of a UCAN invocation, signed by a did:key, a did:pkh or the `#atproto` key of a did:web or did:plc, and
    /// addressed to this service or its own issuer; its use is consumed.
    ///
    /// Throws the 401 names of section 4 that say the same of a JWT.
    func invocationCaller(_ text: String) throws -> Caller {
        try willWait()
        let invocation = try verifying { keys throws(ATProtoError) in try verifiedInvocation(text, keys) }
        guard try service.store.use(invocation.mark, at: now) else {
            throw ATProtoError("JwtReplayed", "the invocation was used before")
        }
        return .invocation(invocation.question)
    }

    private func verifiedInvocation(_ text: String, _ keys: KeySource) throws(ATProtoError) -> Invocation {
        var unresolved: ATProtoError?
        let token: UnverifiedToken
        do throws(UCANError) {
            token = try UnverifiedToken.decode(
                authorization: text.utf8, limits: service.settings.tokens,
                keys: { did throws(UCANError) in
                    do throws(ATProtoError) {
                        return try keys(did.text, KeyID.account)
                    } catch {
                        unresolved = error.name == DIDDocument.malformed ? nil : error
                        return nil
                    }
                })
        } catch {
            throw unresolved ?? Self.named(error.code.rawValue, error.message)
        }
        do throws(ErrorAnswer) {
            // The rate is the caller's, whatever it shows.
            return try service.verifiedInvocation(token, at: now, isCounted: false)
        } catch {
            guard error.reason == "expired", let expires = token.expires, expires <= now else {
                throw Self.named(error.reason, error.explanation ?? error.detail ?? error.text)
            }
            throw ATProtoError("JwtExpired", "the invocation has expired")
        }
    }

    /// The names of section 4 that say the same of a JWT.
    private static func named(_ reason: String, _ message: String) -> ATProtoError {
        let name =
            switch reason {
            case "badSignature", "algorithmMismatch", "keyMismatch": "BadJwtSignature"
            case "unsupportedKey": "BadJwtIss"
            case "audienceMismatch": "BadJwtAudience"
            case "wrongKind": "BadJwtType"
            default: "BadJwt"
            }
        return ATProtoError(name, message)
    }
}
