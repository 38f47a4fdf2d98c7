import ATProto
import CapabilityGraph
import Identity
import Spaces
import Storage

/// A refusal by its wire name; the status follows from the name and the namespace called (atproto-spaces.md 20).
struct XRPCError: Error, Sendable {
    let name: String
    let message: String
    /// Replaces the status of the table.
    var status: Int?
    /// Replaces the `WWW-Authenticate` of a 401.
    var challenge: String?
    /// Further headers, such as `RateLimit-*`.
    var headers: [(String, String)] = []
    /// Whole seconds until the same call may succeed.
    var retryAfter: Int?
    /// The private half, for the log only.
    var detail: String?
    /// Why the service cannot answer now, where its name says no more than that.
    var reason: String?

    init(
        _ name: String, _ message: String, status: Int? = nil, challenge: String? = nil, retryAfter: Int? = nil,
        detail: String? = nil
    ) {
        self.name = name
        self.message = message
        self.status = status
        self.challenge = challenge
        self.retryAfter = retryAfter
        self.detail = detail
    }

    /// What passes, as `ServiceUnavailable` with its reason, and what the store cannot keep; nil for all else.
    init?(passing failure: ErrorAnswer, _ message: String) {
        switch failure.status {
        case 400 where failure.reason == StorageError.Code.unstorable.rawValue:
            self.init("InvalidRequest", failure.text, detail: failure.detail)
        case 503:
            self.init(
                "ServiceUnavailable", message, retryAfter: failure.retryAfter ?? 1,
                detail: failure.detail ?? failure.text)
            reason = failure.reason
        default: return nil
        }
    }

    init(_ error: ATProtoError) { self.init(error.name, error.message) }

    static func invalidRequest(_ message: String) -> XRPCError { XRPCError("InvalidRequest", message) }

    /// What an absent space, and one the caller may not know of, is answered; nothing tells the two apart.
    static let spaceNotFound = XRPCError("SpaceNotFound", "the space does not exist")

    /// Gives the HTTP status under a namespace.
    func status(isAlias: Bool) -> Int { status ?? Self.status(of: name, isAlias: isAlias) }
}

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

extension XRPCError {
    /// Gives a refusal of the gate its wire form; why the graph said no is for the log.
    init(_ refusal: AccessRefusal) {
        // The code, which is there already: to print a cause takes as long as a private space needs to be told by its time.
        let detail: String? = if case .deny(let denial)? = refusal.decision { denial.code } else { nil }
        self.init(refusal.name, refusal.message, detail: detail)
    }

    /// Tells what the account has spent, in the fields of the RateLimit draft (atproto-spaces.md 20).
    init(_ exceeded: RateLimitExceeded) {
        self.init("RateLimitExceeded", exceeded.message, retryAfter: exceeded.retryAfter)
        headers = [
            ("RateLimit-Limit", "\(exceeded.limit)"), ("RateLimit-Remaining", "\(exceeded.remaining)"),
            ("RateLimit-Reset", "\(exceeded.retryAfter)"),
        ]
    }
}

extension XRPCError {
    init(_ error: IdentityError) {
        switch error.code {
        case .handleNotAvailable, .invalidHandle, .invalidPassword, .unsupportedDomain, .incompatibleDID,
            .accountNotFound, .expiredToken, .invalidRequest, .authenticationRequired, .accountTakedown:
            self.init(error.name, error.message)
        // Clients of the protocol ask for a new token when they read `ExpiredToken` with 400; an invalid one is just no
        // authentication.
        case .invalidToken: self.init(error.name, error.message, status: 401)
        case .keyFile, .cryptoFailure:
            self.init("InternalServerError", "the call could not be answered", detail: error.message)
        }
    }

    init(_ error: ResolutionError) {
        switch error.code {
        case .notFound: self.init("DidNotFound", error.message)
        case .malformed, .unsupported: self.init("InvalidRequest", error.message)
        case .refused: self.init("ServiceNotResolvable", error.message)
        case .unreachable: self.init("UpstreamFailure", error.message)
        case .mustWait: self.init("ServiceUnavailable", error.message, retryAfter: 1)
        }
    }
}
