/// Shows one way to run a command, in a form a POSIX shell runs as it stands.
///
/// `$CID`, `$SPACE`, `$BOB` and the other names in capitals are set by whoever runs the examples, and so are the files
/// and keys they name, unless `setUp` makes them.
struct Example: Sendable, Equatable {
    /// What a run of the line needs to be there first.
    enum Stage: Sendable, Equatable {
        /// Nothing but a writable home.
        case alone
        /// A service at `$CAPQ_URL`, a session on it and the names in capitals.
        case service
        /// A service at `$CAPQ_URL` with the accounts alice, who is current, and bob, a default space of alice with bob
        /// in it, and the names in capitals.
        case accounts
    }

    let line: String
    /// A line run first and not shown, for examples that need something to be there.
    let setUp: String?
    let note: String
    let exit: ExitCode
    let stage: Stage

    init(
        _ line: String,
        _ note: String,
        exit: ExitCode = .ok,
        stage: Stage = .alone,
        setUp: String? = nil
    ) {
        self.line = line
        self.setUp = setUp
        self.note = note
        self.exit = exit
        self.stage = stage
    }
}
