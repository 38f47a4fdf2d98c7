import Glibc

/// A program that lasts as long as this process or whoever keeps it; it is told lines and answers in lines.
final class Shell: Sendable {
    private let input: Int32
    private let output: Int32

    init(_ words: [String]) throws {
        var input: [Int32] = [0, 0]
        var output: [Int32] = [0, 0]
        guard pipe(&input) == 0, pipe(&output) == 0 else {
            throw PostgresCluster.Failed(description: "cannot make a pipe: \(errno)")
        }
        for end in input + output { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input[0], 0)
        posix_spawn_file_actions_adddup2(&actions, output[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var process = pid_t()
        let status = posix_spawn(&process, words[0], &actions, nil, &arguments, environ)
        close(input[0])
        close(output[1])
        self.input = input[1]
        self.output = output[0]
        guard status == 0 else { throw PostgresCluster.Failed(description: "cannot start `\(words[0])`: \(status)") }
        self.process = process
    }

    private let process: pid_t

    /// Ends its input and waits for its end.
    deinit {
        close(input)
        var status: Int32 = 0
        waitpid(process, &status, 0)
        close(output)
    }

    func nextLine() -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }

    func write(_ line: String) { _ = Glibc.write(input, line, line.utf8.count) }
}
