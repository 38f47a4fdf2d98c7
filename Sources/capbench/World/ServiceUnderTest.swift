import Glibc
import Multiformats

/// The real executable in a process of its own, on loopback, with its data in a temporary folder.
final class ServiceUnderTest {
    let port: UInt16
    private let process: pid_t
    private let folder: TemporaryFolder
    private var load: Load?
    private var lastLoad = 0.0

    init(options: [String] = []) throws {
        folder = try TemporaryFolder()
        let data = folder.path
        let own = try ServiceUnderTest.ownFolder()
        var pipes: [Int32] = [0, 0]
        guard pipe(&pipes) == 0 else { throw BenchError(message: "cannot make a pipe") }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO)
        posix_spawn_file_actions_addclose(&actions, pipes[0])
        defer { posix_spawn_file_actions_destroy(&actions) }
        let arguments =
            [
                own + "/capservice", "serve", "--listen", "127.0.0.1:0", "--data", data, "--log-level", "error",
                "--accounts-per-hour", "0", "--logins-per-minute", "0", "--unhosted-per-hour", "0",
            ] + options
        var pointers: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in pointers { free(pointer) } }
        var made: pid_t = 0
        guard posix_spawn(&made, arguments[0], &actions, nil, &pointers, environ) == 0 else {
            throw BenchError(message: "cannot start `\(arguments[0])`; build it first")
        }
        close(pipes[1])
        process = made
        var text: [UInt8] = []
        var byte: UInt8 = 0
        while read(pipes[0], &byte, 1) == 1, byte != UInt8(ascii: "\n") { text.append(byte) }
        close(pipes[0])
        guard let address = try JSON.parse(text)["listening"]?.string, let colon = address.lastIndex(of: ":"),
            let number = UInt16(address[address.index(after: colon)...])
        else { throw BenchError(message: "the service did not say where it listens") }
        port = number
    }

    deinit {
        kill(process, SIGTERM)
        var status: Int32 = 0
        waitpid(process, &status, 0)
    }

    private static func ownFolder() throws -> String {
        var buffer = [CChar](repeating: 0, count: 4096)
        let count = readlink("/proc/self/exe", &buffer, 4095)
        guard count > 0 else { throw BenchError(message: "cannot find this program's folder") }
        let path = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return String(path[..<(path.lastIndex(of: "/") ?? path.endIndex)])
    }

    /// Cpu seconds the service has used so far, in user and kernel.
    func cpuSeconds() -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(process, &clock) == 0, clock_gettime(clock, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    /// Sends every request over many connections, which runs that follow each other share; throws when one is not answered
    /// 200. Returns the wall time in nanoseconds.
    func run(_ requests: [[UInt8]]) throws -> Double {
        // The service ends connections without a request for 30 s.
        if Stopwatch.nanoseconds() - lastLoad > 10e9 { load = nil }
        let used = try load ?? Load(port: port)
        load = used
        defer { lastLoad = Stopwatch.nanoseconds() }
        return try used.run(requests)
    }

    /// Runs requests and gives the service's cpu seconds for them.
    func cpu(_ requests: [[UInt8]]) throws -> Double {
        let before = cpuSeconds()
        _ = try run(requests)
        return cpuSeconds() - before
    }

    /// A number from `/metrics`.
    func metric(_ name: String) throws -> Double {
        let connection = try LoadConnection(port: port)
        let answer = try connection.exchange(Array("GET /metrics HTTP/1.1\r\nHost: bench\r\n\r\n".utf8))
        let text = String(decoding: answer.body, as: UTF8.self)
        for line in text.split(separator: "\n") where line.hasPrefix(name + " ") {
            return Double(line.dropFirst(name.count + 1)) ?? 0
        }
        throw BenchError(message: "the service has no metric `\(name)`")
    }
}
