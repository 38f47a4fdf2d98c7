import CapClient
import Multiformats
import UCAN

extension Failure {
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
    ) throws(Failure) -> Result {
        do {
            return try body()
        } catch {
            throw Failure(error, exit: exit)
        }
    }

    /// Runs `body` with errors of the client turned into failures.
    static func ofService<Result>(_ body: () throws(ClientError) -> Result) throws(Failure) -> Result {
        do {
            return try body()
        } catch {
            throw Failure(error)
        }
    }
}
