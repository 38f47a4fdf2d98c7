import ATProto
import CapabilityGraph
import Identity
import Spaces
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
        let caller = try verify(audiences)
        try requireStanding(of: caller)
        try checkRate(of: caller)
        verified.caller = caller
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
        case .anonymous: try service.checkRate(ofAddress: request.remoteAddress, at: now)
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
