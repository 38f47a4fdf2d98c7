import ATProto
import CapClient
import Multiformats
import UCAN

/// Ends a command early: the exit code, one lower-case sentence and what would fix it.
struct CommandError: Error, Equatable, Sendable {
    let exit: ExitCode
    let message: String
    let hint: String?

    init(_ exit: ExitCode, _ message: String, hint: String? = nil) {
        self.exit = exit
        self.message = message
        self.hint = hint
    }

    /// Makes the failure of a command line that cannot be understood.
    static func usage(_ message: String, hint: String? = nil) -> CommandError {
        CommandError(.usage, message, hint: hint)
    }
}

/// Names the ways a run of capq can end, as the number the shell sees.
enum ExitCode: Int32, Sendable, CaseIterable {
    /// Answered; a check was allowed.
    case ok = 0
    /// Could not be done, for a reason none of the others names.
    case failure = 1
    /// The command line or a value on it makes no sense.
    case usage = 2
    /// A check was denied, a verification failed, or a delegation no longer holds.
    case deny = 3
    /// A check could not be decided; treat it as denied.
    case undetermined = 4
    /// The delegation, key, context or file asked for is not there.
    case notFound = 5
    /// The invoker may not ask this.
    case notAuthorized = 6
    /// The service did not answer.
    case unreachable = 7

    /// States the meaning in the words of the help text.
    var meaning: String {
        switch self {
        case .ok: "allowed, or done"
        case .failure: "failed"
        case .usage: "mistake on the command line"
        case .deny: "denied, not valid, or no longer holding"
        case .undetermined: "undetermined: treat as denied"
        case .notFound: "not found"
        case .notAuthorized: "not authorized to ask"
        case .unreachable: "service unreachable"
        }
    }
}

extension CommandError {
    /// Words a refusal of the token module; the step is named where the specification numbers it.
    init(_ error: UCANError, exit: ExitCode = .failure) {
        let step = error.step.map { " (step \($0))" } ?? ""
        self.init(exit, error.message + step)
    }

    /// Words why a service gave no answer, with the exit code its kind has.
    init(_ error: ClientError) {
        let exit: ExitCode
        switch error.code {
        case .unreachable, .timeout: exit = .unreachable
        case .invalidRequest: exit = .usage
        case .answerTooLarge, .invalidAnswer, .stopped: exit = .failure
        case .http:
            switch error.status {
            case 401, 403: exit = .notAuthorized
            case 404: exit = .notFound
            default: exit = .failure
            }
        }
        let status = error.status.map { " (status \($0))" } ?? ""
        self.init(exit, error.message + status, hint: error.hint)
    }

    /// Runs `body` with refusals of the token module turned into failures of this exit code.
    static func ofTokens<Result>(
        _ exit: ExitCode = .failure,
        _ body: () throws(UCANError) -> Result
    ) throws(CommandError) -> Result {
        do {
            return try body()
        } catch {
            throw CommandError(error, exit: exit)
        }
    }

    /// Runs `body` with errors of the client turned into failures.
    static func ofService<Result>(_ body: () throws(ClientError) -> Result) throws(CommandError) -> Result {
        do {
            return try body()
        } catch {
            throw CommandError(error)
        }
    }
}

extension CommandError {
    /// Words why a method was refused, by the name of its error; other errors keep the exit code of their status.
    init(xrpc error: ClientError) {
        let plain = CommandError(error)
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
    static func ofXRPC<Result>(_ body: () throws(ClientError) -> Result) throws(CommandError) -> Result {
        do {
            return try body()
        } catch {
            throw CommandError(xrpc: error)
        }
    }

    /// Runs `body` with what the protocol's own checks refuse turned into failures of this exit code.
    static func ofProtocol<Result>(
        _ exit: ExitCode = .failure,
        _ body: () throws(ATProtoError) -> Result
    ) throws(CommandError) -> Result {
        do {
            return try body()
        } catch {
            throw CommandError(exit, error.message)
        }
    }
}
