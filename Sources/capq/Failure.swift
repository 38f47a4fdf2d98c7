/// Ends a command early: the exit code, one lower-case sentence and what would fix it.
struct Failure: Error, Equatable, Sendable {
    let exit: ExitCode
    let message: String
    let hint: String?

    init(_ exit: ExitCode, _ message: String, hint: String? = nil) {
        self.exit = exit
        self.message = message
        self.hint = hint
    }

    /// Makes the failure of a command line that cannot be understood.
    static func usage(_ message: String, hint: String? = nil) -> Failure {
        Failure(.usage, message, hint: hint)
    }
}
