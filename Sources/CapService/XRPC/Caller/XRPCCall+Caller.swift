import ATProto
import CapabilityGraph
import Identity
import Spaces
import UCAN

extension XRPCCall {
    /// Who makes the call, as far as what it shows was verified; what it may do is the gate's to say.
    func caller() throws -> Spaces.Caller {
        switch try presented() {
        case .none: return .anonymous
        case .session:
            let session = try session()
            return try .account(
                session.account.did, session: DID(session: session.id),
                grant: session.isAppPassword ? .appPassword : .full)
        default: throw XRPCError("AuthMissing", "this kind of authentication is not accepted for the method")
        }
    }
}
