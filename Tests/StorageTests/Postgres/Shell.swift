import Glibc

/// A program that lasts as long as this process or whoever keeps it; it is told lines and answers in lines.
final class Shell: Sendable {
    /// Its input and its output, which nobody else who is started meanwhile inherits.
    private let line: Int32

    init(_ words: [String]) throws {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
            throw PostgresCluster.Failed(description: "cannot make a pair of sockets: \(errno)")
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 0)
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var process = pid_t()
        let status = posix_spawn(&process, words[0], &actions, nil, &arguments, environ)
        close(ends[1])
        line = ends[0]
        guard status == 0 else { throw PostgresCluster.Failed(description: "cannot start `\(words[0])`: \(status)") }
        self.process = process
    }

    private let process: pid_t

    /// Ends its input and waits for its end.
    deinit {
        shutdown(line, Int32(SHUT_WR))
        var status: Int32 = 0
        waitpid(process, &status, 0)
        close(line)
    }

    func nextLine() -> String {
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while read(line, &byte, 1) == 1, byte != UInt8(ascii: "\n") { text.append(byte) }
        return String(decoding: text, as: UTF8.self)
    }

    /// Writes nothing to one that is gone.
    func write(_ text: String) { _ = send(line, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }
}
