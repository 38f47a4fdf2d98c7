import ATProto
import Spaces

extension XRPCCall {
    /// Verifies who makes the call (atproto-spaces.md 3, 4); what it may do is the gate's to say.
    ///
    /// Throws the 401 names of sections 4 and 20. Single uses are consumed by it, except a delegation token's, so it is
    /// asked once a call. `audiences` are the identifiers that service authentication may be addressed to; nil for those
    /// of this service and of the space's authority.
    func caller(audiences: [String]? = nil) throws -> Caller {
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
