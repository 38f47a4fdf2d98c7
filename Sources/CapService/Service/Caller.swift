import ATProto
import CapabilityGraph
import Identity
import Multiformats
import Storage
import UCAN

extension Service {
    /// Decodes the `Authorization` header; a header that is absent or malformed gets the framework's 401.
    ///
    /// For an issuer whose document is on another host and not remembered, or shows another key than the token, the
    /// failure names it in `unresolved`.
    func decode(_ request: HTTPRequest) throws(ErrorAnswer) -> UnverifiedToken {
        guard let header = request.headers.bytes("Authorization") else {
            throw ErrorAnswer.unauthenticated("missingAuthorization")
        }
        var (unresolved, asked): (DID?, DID?)
        var unread: StorageError?
        do throws(UCANError) {
            return try UnverifiedToken.decode(
                authorization: header, limits: settings.tokens,
                keys: { did throws(UCANError) in
                    asked = did
                    do throws(ATProtoError) {
                        return try resolver.key(KeyID.account, of: did.text, mayWait: false)
                    } catch {
                        if error == ResolutionError.mustWaitError { unresolved = did }
                        unread = unread ?? ResolutionError.storeError(error)
                        return nil
                    }
                })
        } catch {
            // Whether the issuer has an account here is not known now: that says nothing of the token.
            if let unread { throw ErrorAnswer(.storage(unread)) }
            var failure = ErrorAnswer.unauthenticated(error.code.rawValue, detail: error.message)
            // As long as no key was looked up, all the sentence can tell is what the token's own text says.
            if asked == nil { failure.explanation = error.message }
            let isOtherKey = [.keyMismatch, .algorithmMismatch].contains(error.code)
            failure.unresolved = unresolved ?? (isOtherKey ? asked : nil)
            throw failure
        }
    }

    /// The `#atproto` key of an account here, or of a DID whose document is remembered.
    func rememberedKey(_ did: DID) -> PublicKey? {
        try? resolver.key(KeyID.account, of: did.text, mayWait: false)
    }

    /// Looks an issuer up anew on another host, so that it is remembered; waits.
    func resolve(_ did: DID) { _ = try? resolver.document(of: did.text, .new) }

    /// Checks the signature; the failure is given the status and text of the route.
    func verify(_ token: UnverifiedToken, status: Int, text: String) throws(ErrorAnswer) -> Token {
        do throws(UCANError) {
            return try token.verify()
        } catch {
            var failure = ErrorAnswer(status, error.code.rawValue, text, detail: error.message)
            // The key may be another one by now.
            if token.issuer.isResolvable { failure.unresolved = token.issuer }
            throw failure
        }
    }

    /// The one reading of the clock for a request.
    func now() throws(ErrorAnswer) -> Timestamp {
        guard let now = clock.now() else {
            throw ErrorAnswer(503, "clockUnavailable", "the service cannot read its clock", form: .json)
        }
        if let behind = clockWatch.read(now) {
            log.warning("clockWentBack", [("seconds", .int(behind)), ("setting", .text("invocation-lifetime"))])
        }
        return now
    }

    /// True when a UCAN speaks to this service and hands nothing on: its audience is its own issuer or this service.
    func isAddressedHere(_ token: Token) -> Bool {
        token.audience == .principal(token.issuer) || token.audience == .principal(nodeDID)
    }

    /// Parses an invocation's capabilities; refuses what is not an invocation by its shape (ucan.md B.6, J.3).
    func invocation(_ token: Token) throws(ErrorAnswer) -> InvocationQuestion {
        guard token.kind == .ucan, case .principal(let audience) = token.audience else {
            throw ErrorAnswer(401, "wrongKind", "Unauthorized Invoker", "the token is not an invocation")
        }
        guard isAddressedHere(token) else {
            throw ErrorAnswer(
                401, "audienceMismatch", "Unauthorized Invoker",
                "the invocation is addressed to `\(audience)`, not to its invoker or this service")
        }
        if token.controlAction != nil {
            throw ErrorAnswer(
                401, "wrongKind", Self.unauthorizedAction(token.capabilities[0]),
                "the token asks about another token; send it to its own route")
        }
        if token.hasDuplicateProofs {
            throw ErrorAnswer(401, "missingProof", "Cannot find parent delegation")
        }
        if token.isPolicySession || token.isPolicyRoot {
            throw ErrorAnswer(401, "unsupportedProfile", "policy-descendant-fact-invalid")
        }
        do throws(Refusal) {
            return InvocationQuestion(
                invoker: token.issuer, proofs: token.proofs,
                capabilities: try Capability.parse(token.capabilities, store.families))
        } catch {
            var failure = ErrorAnswer(error, status: 401)
            let families = store.families
            let isNormal = { (item: TokenCapability) in (try? Capability.parse([item], families)) != nil }
            if let wrong = token.capabilities.first(where: { !isNormal($0) }) {
                failure.text = Self.unauthorizedAction(wrong)
            }
            throw failure
        }
    }

    private static func unauthorizedAction(_ capability: TokenCapability) -> String {
        "Unauthorized Action: \(capability.resource) / \(capability.ability)"
    }
}
