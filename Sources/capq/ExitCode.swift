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
    /// The asker may not ask this.
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
