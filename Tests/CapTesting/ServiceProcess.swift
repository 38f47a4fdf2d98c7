import Glibc
import Synchronization

/// Runs `capservice` on a free port of loopback and ends it with the test.
///
/// Its data, clock and log lie in `folder`, so a second process in the same folder takes up where the first ended.
public final class ServiceProcess: Sendable {
    public let folder: TemporaryFolder
    public let port: UInt16
    private let process: pid_t
    private let isEnded = Mutex(false)

    /// Lets tests make accounts and log in as often as they like; with options that set one of these, none is added.
    public static let unlimited = ["--accounts-per-hour", "0", "--logins-per-minute", "0", "--unhosted-per-hour", "0"]

    /// Starts the service and waits until it is ready; with `clock` its time stands still until `setClock`.
    public init(
        in folder: TemporaryFolder = TemporaryFolder(), clock: Int64? = nil, options: [String] = []
    ) throws {
        self.folder = folder
        var words = ["serve", "--listen", "127.0.0.1:0", "--data", folder.path + "/data"]
        if Self.unlimited.allSatisfy({ $0 == "0" || !options.contains($0) }) { words += Self.unlimited }
        if let clock {
            folder.write("\(clock)\n", to: "clock")
            words += ["--clock-file", folder.path + "/clock"]
        }
        let log = open(folder.path + "/log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        var ends: [Int32] = [0, 0]
        guard log >= 0, pipe(&ends) == 0 else { throw Program.Failed(reason: "no pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(log) }
        do {
            process = try Program.start("capservice", words + options, standardOutput: ends[1], standardError: log)
        } catch {
            ends.forEach { close($0) }
            throw error
        }
        close(ends[1])
        defer { close(ends[0]) }
        guard let port = Self.port(Self.firstLine(ends[0])) else {
            Glibc.kill(process, SIGKILL)
            _ = Program.wait(for: process)
            throw Program.Failed(reason: "the service did not start: \(folder.read("log"))")
        }
        self.port = port
    }

    deinit { kill() }

    public var url: String { "http://127.0.0.1:\(port)" }

    /// What the service has written to its log, in all its lives in this folder.
    public var log: String { folder.read("log") }

    /// Sets the instant at which every later request is served, in seconds since 1970.
    public func setClock(_ seconds: Int64) { folder.write("\(seconds)\n", to: "clock") }

    /// Ends the service without warning, as a power cut would.
    public func kill() { end(SIGKILL) }

    /// Asks the service to stop and waits; gives its exit code, or nil when it had ended before.
    @discardableResult
    public func stop() -> Int32? { end(SIGTERM) }

    @discardableResult
    private func end(_ signal: Int32) -> Int32? {
        isEnded.withLock { isEnded in
            guard !isEnded else { return nil }
            isEnded = true
            Glibc.kill(process, signal)
            return Program.wait(for: process)
        }
    }

    /// Reads up to a line feed; empty when the service ends or says nothing for a minute.
    private static func firstLine(_ descriptor: Int32) -> String {
        var line: [UInt8] = []
        while true {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 60_000) > 0 else { return "" }
            var byte: UInt8 = 0
            guard read(descriptor, &byte, 1) == 1 else { return "" }
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
    }

    /// Takes the port out of `{"listening":"http://127.0.0.1:PORT"}`.
    private static func port(_ line: String) -> UInt16? {
        let start = "{\"listening\":\"http://127.0.0.1:"
        guard line.hasPrefix(start), line.hasSuffix("\"}") else { return nil }
        return UInt16(line.dropFirst(start.count).dropLast(2))
    }
}
