/// Shows one way to run a command, in a form a POSIX shell runs as it stands.
///
/// `$CID`, `$SPACE`, `$BOB` and the other names in capitals are set by whoever runs the examples.
struct Example: Sendable, Equatable {
    /// What a run of the line needs to be there first.
    enum Stage: Sendable, Equatable {
        /// Nothing but a writable home.
        case alone
        /// A service at `$CAPQ_URL`, a session on it and the names in capitals.
        case service
    }

    let line: String
    let note: String
    let exit: ExitCode
    let stage: Stage

    init(_ line: String, _ note: String, exit: ExitCode = .ok, stage: Stage = .alone) {
        self.line = line
        self.note = note
        self.exit = exit
        self.stage = stage
    }
}
