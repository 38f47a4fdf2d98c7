import ATProto
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
        verified.caller = caller
        return caller
    }

    private func verify(_ audiences: [String]?) throws -> Caller {
        switch try presented() {
        case .none: return .anonymous
        case .session(let token): return try sessionCaller(token)
        case .space(let token, let scheme): return try credentialCaller(token, scheme)
        case .serviceAuth(let token): return try serviceCaller(token, audiences: audiences)
        case .delegation, .oauth, .invocation, .legacy:
            throw XRPCError("AuthMissing", "this kind of authentication is not accepted for the method")
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
