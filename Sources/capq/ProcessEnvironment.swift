import Glibc

/// Holds all a command may know of the process it runs in, so that tests can supply their own.
struct ProcessEnvironment: Sendable {
    var environment: [String: String]
    /// Whether standard output is a terminal.
    var isTerminal: Bool
    /// Columns of that terminal.
    var width: Int
    /// Microseconds since 1970 UTC, read once a run.
    var now: Int64
    /// Returns so many bytes fit for keys and nonces.
    var randomBytes: @Sendable (Int) -> [UInt8]
    /// Reads standard input up to a count of bytes; nil when there is more.
    var standardInput: @Sendable (Int) -> [UInt8]?
    /// Asks whoever sits at the terminal for a line that is not shown; nil when nobody does.
    var askSecret: (@Sendable (String) -> [UInt8])?
    /// Shows how far a long command has come, in place of what it showed before; nil when nobody looks.
    var showProgress: (@Sendable (String) -> Void)?
    /// Says a sentence at once, from a command that has not ended; nil when nobody listens.
    var remark: (@Sendable (String) -> Void)?
    /// Reads the clock again, in microseconds since 1970 UTC, for commands that last.
    var clock: @Sendable () -> Int64 = { ProcessEnvironment.clockMicroseconds() }

    /// Reads the environment of this process.
    static func ofProcess() -> ProcessEnvironment {
        let askSecret: (@Sendable (String) -> [UInt8])? =
            isatty(STDIN_FILENO) == 1 ? { @Sendable question in TerminalVoice.askSecret(question) } : nil
        let showProgress: (@Sendable (String) -> Void)? =
            isatty(STDERR_FILENO) == 1 ? { @Sendable line in TerminalVoice.progress(line) } : nil
        return ProcessEnvironment(
            environment: processEnvironment(),
            isTerminal: isatty(STDOUT_FILENO) == 1,
            width: terminalWidth(),
            now: clockMicroseconds(),
            randomBytes: { count in
                var generator = SystemRandomNumberGenerator()
                return (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            },
            standardInput: { limit in SystemFile.readAll(STDIN_FILENO, limit: limit) },
            askSecret: askSecret,
            showProgress: showProgress,
            remark: { @Sendable sentence in TerminalVoice.say(sentence) }
        )
    }

    /// Names the folder capq keeps its files in: `$CAPQ_HOME`, else `~/.config/capq`.
    func homeFolder() throws(CommandError) -> String {
        if let home = environment["CAPQ_HOME"], !home.isEmpty { return home }
        if let home = environment["HOME"], !home.isEmpty { return home + "/.config/capq" }
        throw CommandError(.failure, "no folder to keep files in", hint: "set CAPQ_HOME or HOME")
    }

    private static func processEnvironment() -> [String: String] {
        var result: [String: String] = [:]
        for name in ["CAPQ_HOME", "HOME", "NO_COLOR", "TERM"] {
            if let value = getenv(name) { result[name] = String(cString: value) }
        }
        return result
    }

    private static func terminalWidth() -> Int {
        var size = winsize()
        if ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 { return Int(size.ws_col) }
        return getenv("COLUMNS").flatMap { Int(String(cString: $0)) } ?? 80
    }

    static func clockMicroseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
