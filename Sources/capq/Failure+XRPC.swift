import ATProto
import CapClient

extension Failure {
    /// Words why a method was refused, by the name of its error; other errors keep the exit code of their status.
    init(xrpc error: ClientError) {
        let plain = Failure(error)
        guard error.code == .http, let name = error.serviceCode else {
            self = plain
            return
        }
        let hint = error.hint ?? Self.hint(of: error, name)
        self.init(Self.exit(of: name) ?? plain.exit, "\(error.message) (\(name))", hint: hint)
    }

    private static func exit(of name: String) -> ExitCode? {
        switch name {
        case "SpaceNotFound", "SpaceDeleted", "RepoNotFound", "RecordNotFound", "BlobNotFound", "HandleNotFound",
            "DidNotFound", "AccountNotFound":
            .notFound
        case "AuthMissing", "AuthenticationRequired", "AuthFactorTokenRequired", "ExpiredToken", "InvalidToken",
            "AccountTakedown", "NotSpaceOwner", "UserNotAuthorized", "AppNotAuthorized", "NotAuthorized", "Forbidden",
            "WriteNotAuthorized", "InsufficientScope", "CredentialRevoked":
            .notAuthorized
        case "UpstreamFailure", "ServiceNotResolvable": .unreachable
        default: nil
        }
    }

    private static func hint(of error: ClientError, _ name: String) -> String? {
        switch name {
        case "ExpiredToken", "InvalidToken": "`capq account login` takes a new session"
        case "JwtExpired", "CredentialRevoked": "`capq credential get` takes another credential, for who may still read"
        case "InsufficientScope": "an app password holds no rights on spaces unless they were granted"
        case "InvalidSwap": "somebody wrote in between: read again, then try with what is there now"
        case "FeatureDisabled": "the service was started with spaces switched off"
        case "MethodNotImplemented": "the service is older than this capq, or is none with spaces"
        case "RateLimitExceeded": error.retryAfter.map { "try again in \($0) s" } ?? "try again later"
        default: nil
        }
    }

    /// Runs `body` with refusals of methods turned into failures.
    static func ofXRPC<Result>(_ body: () throws(ClientError) -> Result) throws(Failure) -> Result {
        do {
            return try body()
        } catch {
            throw Failure(xrpc: error)
        }
    }

    /// Runs `body` with what the protocol's own checks refuse turned into failures of this exit code.
    static func ofProtocol<Result>(
        _ exit: ExitCode = .failure,
        _ body: () throws(ATProtoError) -> Result
    ) throws(Failure) -> Result {
        do {
            return try body()
        } catch {
            throw Failure(exit, error.message)
        }
    }
}
