public import Glibc

/// Starts a program built beside the tests.
public struct Program: Sendable {
    public struct Failed: Error { public let reason: String }

    /// Finds a program in the folder CAPTEST_PROGRAMS names, else in that of the test program that is running.
    public static func path(_ name: String) throws -> String {
        if let folder = Environment.value("CAPTEST_PROGRAMS") { return folder + "/" + name }
        guard let real = realpath("/proc/self/exe", nil) else { throw Failed(reason: "no path to this program") }
        defer { free(real) }
        let path = String(cString: real).split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 } + "/" + name
        guard access(path, X_OK) == 0 else { throw Failed(reason: "no program at \(path)") }
        return path
    }

    /// Starts a program with its output going to open files; gives its process id. Without an environment it has that of
    /// the test.
    public static func start(
        _ name: String, _ arguments: [String], environment: [String: String]? = nil, standardOutput: Int32,
        standardError: Int32
    ) throws -> pid_t {
        let program = try path(name)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, standardOutput, 1)
        posix_spawn_file_actions_adddup2(&actions, standardError, 2)
        var words: [UnsafeMutablePointer<CChar>?] = ([program] + arguments).map { strdup($0) } + [nil]
        defer { words.forEach { free($0) } }
        var variables: [UnsafeMutablePointer<CChar>?] = (environment ?? [:]).map { strdup("\($0)=\($1)") } + [nil]
        defer { variables.forEach { free($0) } }
        var process = pid_t()
        let status =
            environment == nil
            ? posix_spawn(&process, program, &actions, nil, &words, environ)
            : posix_spawn(&process, program, &actions, nil, &words, &variables)
        guard status == 0 else { throw Failed(reason: "\(program): error \(status)") }
        return process
    }

    /// Waits for the end of a process: its exit code, or 128 and the signal that ended it.
    public static func wait(for process: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : 128 + signal
    }

    /// Runs a program to its end.
    public static func run(
        _ name: String, _ arguments: [String], in folder: TemporaryFolder = TemporaryFolder(),
        environment: [String: String]? = nil
    ) throws -> (status: Int32, output: String, errors: String) {
        let descriptors = ["output", "errors"].map {
            open("\(folder.path)/\($0).txt", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        }
        defer { descriptors.forEach { close($0) } }
        let process = try start(
            name, arguments, environment: environment, standardOutput: descriptors[0], standardError: descriptors[1])
        let status = wait(for: process)
        return (status, folder.read("output.txt"), folder.read("errors.txt"))
    }
}
