import Glibc
import Multiformats

/// Runs one `capservice` on a data folder, to be killed or stopped.
final class ServiceProcess {
    /// Where it listens; empty until it is ready.
    private(set) var url = ""
    let process: pid_t
    private let output: UnsafeMutablePointer<FILE>
    private var isEnded = false

    /// Serves what is below `data`.
    convenience init(_ program: String, data: String, log: String, options: [String] = []) throws {
        let arguments = [
            "serve", "--listen", "127.0.0.1:0", "--data", data, "--log-level", "warning", "--accounts-per-hour", "0",
            "--logins-per-minute", "0", "--unhosted-per-hour", "0",
        ]
        try self.init(program, arguments + options, log: log)
    }

    /// Starts the program; `log` receives what it says on standard error.
    init(_ program: String, _ arguments: [String], log: String) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw DrillFailure("no pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var words = ([program] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var started = pid_t()
        let status = posix_spawn(&started, program, &actions, nil, &words, environ)
        close(ends[1])
        guard status == 0, let stream = fdopen(ends[0], "r") else {
            throw DrillFailure("`\(program)` does not start: \(String(cString: strerror(status)))")
        }
        process = started
        output = stream
    }

    deinit {
        if !isEnded { kill() }
        fclose(output)
    }

    /// Waits for the line that says where it listens; false when the program ended without it.
    func waitUntilReady() -> Bool {
        guard let line = firstLine(), let json = try? JSON.parse(Array(line.utf8)),
            let text = json["listening"]?.string
        else { return false }
        url = text
        return true
    }

    /// Waits for the first line that it prints; nil when it ended without one.
    func firstLine() -> String? {
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        guard getline(&line, &capacity, output) > 0, let line else { return nil }
        return String(cString: line)
    }

    /// Waits for the first line or the end; false when neither comes in time, and then it is killed.
    func saysSomething(within milliseconds: Int64) -> Bool {
        let end = Clock.milliseconds() + milliseconds
        var watched = pollfd(fd: fileno(output), events: Int16(POLLIN), revents: 0)
        while true {
            let left = end - Clock.milliseconds()
            guard left > 0 else { break }
            if poll(&watched, 1, Int32(left)) > 0 { return true }
        }
        kill()
        return false
    }

    func kill() {
        guard !isEnded else { return }
        Glibc.kill(process, SIGKILL)
        _ = end()
    }

    /// Asks it to stop and returns its exit code, or minus the signal that ended it.
    func stop() -> Int32 {
        guard !isEnded else { return 0 }
        Glibc.kill(process, SIGTERM)
        return end()
    }

    /// Waits for the program's own end.
    func end() -> Int32 {
        isEnded = true
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : -(status & 0x7f)
    }
}
