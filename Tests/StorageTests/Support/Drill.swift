import Glibc

/// Runs the `LogDrill` program and reads its lines.
final class Drill {
    struct Failed: Error { let reason: String }

    private let process: pid_t
    private let output: UnsafeMutablePointer<FILE>
    private var isEnded = false

    init(_ arguments: [String]) throws {
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0 else { throw Failed(reason: "pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        let program = try Drill.program()
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var started = pid_t()
        let status = posix_spawn(&started, program, &actions, nil, &words, environ)
        close(ends[1])
        guard status == 0, let stream = fdopen(ends[0], "r") else { throw Failed(reason: "\(program): \(status)") }
        process = started
        output = stream
    }

    deinit {
        kill()
        fclose(output)
    }

    /// Gives the words of the next line, nil at the end.
    func nextLine() -> [String]? {
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { free(line) }
        guard getline(&line, &capacity, output) > 0, let line else { return nil }
        return String(cString: line).split(whereSeparator: \.isWhitespace).map(String.init)
    }

    func kill() {
        guard !isEnded else { return }
        isEnded = true
        Glibc.kill(process, SIGKILL)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    /// Finds the program beside the test program that is running.
    private static func program() throws -> String {
        guard let real = realpath("/proc/self/exe", nil) else { throw Failed(reason: "no path to this program") }
        defer { free(real) }
        return String(cString: real).split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/LogDrill"
    }
}
