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
        try consume(verified.use)
        return .service(
            issuer: issuer, audience: verified.audience, method: verified.method,
            session: service.accounts.session(ofServiceAuth: token))
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
        let token = try verifiedUCAN(text)
        guard token.notBefore.map({ $0 <= now }) ?? true, let expires = token.expires else {
            throw ATProtoError("BadJwt", "the invocation is not valid yet")
        }
        guard now < expires else { throw ATProtoError("JwtExpired", "the invocation has expired") }
        guard service.isShortLived(expires, at: now) else {
            throw ATProtoError(
                "BadJwt", "the invocation expires more than \(service.settings.invocationLifetime) seconds from now")
        }
        let question: InvocationQuestion
        do throws(Failure) {
            question = try service.invocation(token)
        } catch {
            switch error.reason {
            case "audienceMismatch": throw ATProtoError("BadJwtAudience", error.explanation ?? error.text)
            case "wrongKind": throw ATProtoError("BadJwtType", error.explanation ?? error.text)
            default: throw ATProtoError("BadJwt", error.explanation ?? error.text)
            }
        }
        // The same mark as of `/invoke`: one statement is used once, wherever.
        let mark = ReplayMark(statement: token.statementID, expiresAt: expires.microseconds + 60_000_000)
        guard try service.store.use(mark, at: now) else {
            throw ATProtoError("JwtReplayed", "the invocation was used before")
        }
        return .invocation(question)
    }

    private func verifiedUCAN(_ text: String) throws -> Token {
        try verifying { keys throws(ATProtoError) in
            var failure: ATProtoError?
            do throws(UCANError) {
                return try UnverifiedToken.decode(
                    authorization: text.utf8, limits: service.settings.tokens,
                    keys: { did throws(UCANError) in
                        do throws(ATProtoError) {
                            return try keys(did.text, KeyID.account)
                        } catch {
                            failure = error.name == DIDDocument.malformed ? nil : error
                            return nil
                        }
                    }
                ).verify()
            } catch {
                throw failure ?? Self.tokenError(error)
            }
        }
    }

    private static func tokenError(_ error: UCANError) -> ATProtoError {
        switch error.code {
        case .badSignature, .algorithmMismatch, .keyMismatch: ATProtoError("BadJwtSignature", error.message)
        case .unsupportedKey: ATProtoError("BadJwtIss", error.message)
        default: ATProtoError("BadJwt", error.message)
        }
    }
}
