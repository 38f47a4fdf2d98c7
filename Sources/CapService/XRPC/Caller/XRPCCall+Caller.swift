import ATProto
import CapabilityGraph
import Spaces
import Synchronization

extension XRPCCall {
    /// Verifies who makes the call (atproto-spaces.md 3, 4); what it may do is the gate's to say.
    ///
    /// Throws the 401 names of sections 4 and 20. Single uses are consumed, once a call however often this is asked,
    /// except a delegation token's. `audiences` are the identifiers that service authentication may be addressed to; nil
    /// for those of this service and of the space's authority.
    func caller(audiences: [String]? = nil) throws -> Caller {
        if let known = verified.caller { return known }
        let caller = try verify(audiences)
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
