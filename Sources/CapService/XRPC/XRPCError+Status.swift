extension XRPCError {
    /// The table of atproto-spaces.md 20 and the names of the account routes; what it does not hold is 400.
    static func status(of name: String, isAlias: Bool) -> Int {
        switch name {
        case "AuthMissing", "MissingJwt", "JwtExpired", "JwtReplayed", "MissingDpopProof", "BadDpopProof",
            "BadDpopProofSignature", "DpopProofExpired", "DpopKeyMismatch", "BadSpaceSignature", "BadSpaceAudience",
            "CredentialRevoked", "AuthenticationRequired", "AccountTakedown":
            401
        case _ where name.utf8.starts(with: "BadJwt".utf8): 401
        case "InvalidDelegationToken", "InvalidClientAttestation", "InvalidCredential": isAlias ? 401 : 400
        case "Forbidden", "WriteNotAuthorized", "InsufficientScope", "ScopeMissingError": 403
        case "UserNotAuthorized", "AppNotAuthorized", "NotAuthorized", "NotSpaceOwner": isAlias ? 403 : 400
        case "SpaceNotFound", "SpaceDeleted", "RepoNotFound", "RepoTakendown", "RepoSuspended", "RepoDeactivated",
            "RecordNotFound", "BlobNotFound", "InvalidInvite", "MemberNotFound":
            isAlias ? 404 : 400
        case "FeatureDisabled", "EdgeNotFound": 404
        case "InvalidSwap": 409
        case "SpaceAlreadyExists", "RecordAlreadyExists", "MemberAlreadyExists", "AlreadyMember": isAlias ? 409 : 400
        case "PayloadTooLarge": 413
        case "RateLimitExceeded": 429
        case "InternalServerError": 500
        case "MethodNotImplemented": 501
        case "UpstreamFailure": 502
        case "ServiceUnavailable": 503
        default: 400
        }
    }
}
