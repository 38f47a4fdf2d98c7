import Glibc

@testable import capq

/// Runs `fixtures/cli/stub/stub.py` for one test and ends it with the test.
final class StubService {
    let port: Int
    private let process: pid_t
    private let input: Int32

    /// Returns nil when the script cannot be started.
    init?() {
        var toChild: [Int32] = [0, 0]
        var fromChild: [Int32] = [0, 0]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { return nil }
        for end in toChild + fromChild { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], STDOUT_FILENO)
        let words = ["python3", Snapshot.folder + "stub/stub.py"]
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var process: pid_t = 0
        let result = posix_spawnp(&process, "python3", &actions, nil, &arguments, environ)
        close(toChild[0])
        close(fromChild[1])
        input = toChild[1]
        self.process = process
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while result == 0, read(fromChild[0], &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        close(fromChild[0])
        guard let port = Int(String(decoding: line, as: UTF8.self)) else {
            close(input)
            return nil
        }
        self.port = port
    }

    deinit {
        close(input)
        kill(process, SIGTERM)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    /// Names the base URL of one way to fail.
    func url(_ path: String) -> String { "http://127.0.0.1:\(port)/\(path)" }
}
