import ATProto
import CapabilityGraph
import Identity
import Spaces
import UCAN

extension XRPCCall {
    /// The session that makes a call of the account routes; throws `AuthMissing` for any other credential, and the names
    /// that clients refresh on.
    func session() throws -> Accounts.LiveSession {
        guard case .session(let token) = try presented() else {
            throw XRPCError("AuthMissing", "a session token is missing")
        }
        do {
            return try service.accounts.session(access: token, at: now)
        } catch let error as IdentityError {
            throw XRPCError(error)
        }
    }

    /// The caller of a session token of an account here; throws `BadJwt` and `AccountTakedown`, both 401, and
    /// `ExpiredToken` with 400, at which clients of the protocol take a new one.
    func sessionCaller(_ token: String) throws -> Caller {
        let live: Accounts.LiveSession
        do {
            live = try service.accounts.session(access: token, at: now)
        } catch let error as IdentityError {
            switch error.code {
            case .invalidToken: throw XRPCError("BadJwt", error.message, challenge: "Bearer")
            default: throw XRPCError(error)
            }
        }
        return .account(
            live.account.did, session: try DID(session: live.id), grant: live.isAppPassword ? .appPassword : .full)
    }
}
