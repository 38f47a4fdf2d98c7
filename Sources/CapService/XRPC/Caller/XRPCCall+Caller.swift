import ATProto
import CapabilityGraph
import Identity
import Spaces
import Storage
import Synchronization
import UCAN

extension XRPCCall {
    /// Verifies who makes the call (atproto-spaces.md 3, 4); what it may do is the gate's to say.
    ///
    /// Throws the 401 names of sections 4 and 20. Single uses are consumed, once a call however often this is asked,
    /// except a delegation token's. `audiences` are the identifiers that service authentication may be addressed to; nil
    /// for those of this service and of the space's authority.
    func caller(audiences: [String]? = nil) throws -> Caller {
        if let known = verified.caller { return known }
        let caller = try identified(audiences: audiences)
        try checkRate(of: caller)
        verified.caller = caller
        return caller
    }

    /// The same without counting the call; where nothing may be waited for, nothing is consumed.
    func identified(audiences: [String]? = nil) throws -> Caller {
        let caller = try verify(audiences)
        try requireStanding(of: caller)
        return caller
    }

    private func verify(_ audiences: [String]?) throws -> Caller {
        switch try presented() {
        case .none: return .anonymous
        case .session(let token): return try sessionCaller(token)
        case .space(let token, let scheme): return try credentialCaller(token, scheme)
        case .serviceAuth(let token): return try serviceCaller(token, audiences: audiences)
        case .invocation(let token): return try invocationCaller(token)
        case .oauth(let token): return try oauthCaller(token)
        case .legacy(let token, let form): return try legacyCaller(token, form)
        case .delegation:
            throw XRPCError("AuthMissing", "a delegation token is taken for a credential only", challenge: "DPoP")
        }
    }
}

extension XRPCCall {
    /// Refuses an account of this host that was taken down, also where it speaks by its key, or by what was signed with it
    /// before: its sessions are refused as such.
    private func requireStanding(of caller: Caller) throws {
        let principal: DID
        switch caller {
        case .service(let issuer, _, _, _): principal = issuer
        case .invocation(let question): principal = question.invoker
        case .anonymous, .account, .credential, .delegation: return
        }
        do {
            try service.accounts.account(principal)?.requireStanding()
        } catch let error as IdentityError {
            throw XRPCError(error)
        }
    }

    /// Refuses who calls too often, by its own name or, showing none, by its address.
    private func checkRate(of caller: Caller) throws {
        switch caller {
        case .anonymous: try service.checkRate(ofAddress: request.clientNetwork, at: now)
        case .account(let did, _, _), .service(let did, _, _, _): try service.checkRate(of: did, at: now)
        case .invocation(let question): try service.checkRate(of: question.invoker, at: now)
        case .credential(_, let key, _, _, _): try service.checkRate(of: key, at: now)
        case .delegation(let user, _, _, _, _, _): try service.checkRate(of: user, at: now)
        }
    }
}

/// Holds who makes a call once that was verified, since what proves it can be used once.
final class VerifiedCaller: Sendable {
    private let held = Mutex<Caller?>(nil)

    var caller: Caller? {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }
}

extension XRPCCall {
    /// What the request shows to prove who makes it (atproto-spaces.md 3); nothing of it is verified.
    func presented() throws(ATProtoError) -> RequestCredential {
        let (authorization, legacy) = (
            request.headers.values("Authorization"), request.headers.values("X-Space-Credential")
        )
        func classify() throws(ATProtoError) -> RequestCredential {
            try RequestCredential.classify(
                authorization: Self.texts(authorization), legacyHeader: Self.texts(legacy),
                queryNames: parameters.names,
                acceptingLegacy: service.settings.hasProfileX)
        }
        guard authorization.count == 1, legacy.isEmpty else { return try classify() }
        // What a header is depends on nothing but its text; what the URL holds is looked at each time.
        guard !RequestCredential.isCarried(inQuery: parameters.names) else { return try classify() }
        return try service.credentialCache.classified(authorization[0], classify)
    }

    /// The header fields that proofs and signatures are in and over.
    var fields: PresentedFields {
        PresentedFields(
            authorization: texts("Authorization"), audience: texts("Atproto-Space-Audience"), proof: texts("DPoP"),
            signatureInput: texts("Signature-Input"), signature: texts("Signature"))
    }

    /// The public URL of the method as called, which proofs name; never from the `Host` header (reading 2).
    func url() throws(XRPCError) -> String { try service.address.url() + XRPCDispatcher.prefix + nsid }

    private func texts(_ name: String) -> [String] { Self.texts(request.headers.values(name)) }

    private static func texts(_ values: [ArraySlice<UInt8>]) -> [String] {
        values.map { String(decoding: $0, as: UTF8.self) }
    }
}

extension XRPCCall {
    /// Verifies with the keys that issuers publish; documents of other hosts are asked for anew once where a signature
    /// does not fit (atproto-spaces.md 2).
    ///
    /// Throws what `verify` throws, and `XRPCMustWait` where another host would have to be asked on a thread that must
    /// not wait.
    func verifying<Value>(_ verify: (KeySource) throws(ATProtoError) -> Value) throws -> Value {
        do throws(ATProtoError) {
            return try service.resolver.verifying(mayWait: mayWait, verify)
        } catch {
            throw Self.cause(error)
        }
    }

    /// The key a DID publishes now, as far as it is remembered; nil when it publishes none under that fragment.
    func key(_ keyID: String, of did: String) throws -> PublicKey? {
        if let account = try service.accounts.account(did: did), account.isDocumentedHere {
            return account.hostedKey(keyID)
        }
        do throws(ATProtoError) {
            return try service.resolver.key(keyID, of: did, mayWait: mayWait)
        } catch {
            throw Self.cause(error)
        }
    }

    /// What an error of a token stands for that is none.
    private static func cause(_ error: ATProtoError) -> any Error {
        if error == ResolutionError.mustWaitError { return XRPCMustWait() }
        return ResolutionError.storeError(error) ?? error
    }
}

extension XRPCCall {
    /// Consumes a use, durably, before the call is answered; throws what the token's kind answers to a replay.
    ///
    /// Waits for the disk with whatever else is being committed: `willWait()` is to be asked before the work that leads
    /// here. It comes last, so that what is refused for another reason burns nothing.
    func consume(_ use: TokenUse, of principal: DID) throws {
        guard try service.store.use(use.mark(of: principal), at: now) else { throw use.replayed }
    }
}
