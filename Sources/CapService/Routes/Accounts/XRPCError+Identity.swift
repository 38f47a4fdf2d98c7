import ATProto
import Identity

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
