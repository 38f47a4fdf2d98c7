import ATProto
import CapabilityGraph
import Spaces
import Storage
import UCAN

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
