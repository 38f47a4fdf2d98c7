import Identity

extension XRPCCall {
    /// The session that makes the call; throws `AuthMissing` for any other credential.
    func session() throws -> Accounts.LiveSession {
        guard case .bearer(let token) = try PresentedCredential(request) else {
            throw XRPCError("AuthMissing", "a session token is missing")
        }
        do {
            return try service.accounts.session(access: token, at: now)
        } catch let error as IdentityError {
            throw XRPCError(error)
        }
    }
}
