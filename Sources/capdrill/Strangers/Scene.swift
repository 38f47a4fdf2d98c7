import CapClient
import Glibc
import Multiformats
import UCAN

/// One service under attack, with what an attack may cost it and a space of somebody who has no part in it.
final class Scene {
    let url: String
    let cast: Cast
    private let process: ServiceProcess
    private let program: String
    private let data: String

    init(
        _ process: ServiceProcess, _ program: String, data: String, _ generator: inout Generator
    ) throws {
        self.process = process
        self.program = program
        self.data = data
        url = process.url
        cast = try Cast(&generator, host: DID(CapClient(baseURL: url).version()["nodeId"]?.string ?? ""))
        let connection = try connection(Arena.bystander)
        for token in [cast.host, cast.root] {
            let answer = try connection.delegate(token.authorization())
            guard answer.status == 200 else { throw DrillFailure("a space is not hosted: \(answer.summary)") }
        }
    }

    func connection(_ source: String = Arena.attacker, window: Int32? = nil) throws -> XRPCConnection {
        try XRPCConnection(url, from: source, window: window)
    }

    func stop() { process.kill() }

    /// Ends the service in order, so that all is in its database, and gives what `capservice verify` counts there.
    func verified(_ name: String) throws -> Double {
        guard process.stop() == 0 else { throw DrillFailure("the service does not stop in order") }
        let verify = try ServiceProcess(program, ["verify", "--data", data], log: data + ".log")
        guard let line = verify.firstLine(), let number = try JSON.parse(Array(line.utf8))[name]?.number?.int64 else {
            throw DrillFailure("`capservice verify` counts no \(name)")
        }
        _ = verify.end()
        return Double(number)
    }

    // MARK: what it costs

    /// Bytes of memory it has now.
    func memory() throws -> Double { try status("VmRSS:") }

    /// Bytes of memory it had at most since `forgetPeak`.
    func peak() throws -> Double { try status("VmHWM:") }

    func forgetPeak() throws {
        guard let file = fopen("/proc/\(process.process)/clear_refs", "w") else {
            throw DrillFailure("the peak of memory cannot be forgotten")
        }
        fputs("5", file)
        fclose(file)
    }

    /// Runs an attack and gives the bytes by which memory grew beyond what it had before, at most.
    func growth(during attack: () throws -> Void) throws -> Double {
        let before = try memory()
        try forgetPeak()
        try attack()
        return try max(0, peak() - before)
    }

    /// Milliseconds of cpu it has used.
    func cpu() throws -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(process.process, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw DrillFailure("cpu cannot be read: the service is gone")
        }
        return Double(time.tv_sec) * 1000 + Double(time.tv_nsec) / 1e6
    }

    /// Gives the milliseconds of cpu that one of `count` calls costs.
    func cpu(ofEach count: Int, _ calls: () throws -> Void) throws -> Double {
        let before = try cpu()
        try calls()
        return try (cpu() - before) / Double(count)
    }

    /// Bytes of the database and of the log beside it.
    func disk() -> Double { size("") + size("-wal") }

    /// Bytes of the log beside the database.
    func walBytes() -> Double { size("-wal") }

    /// A number that the service tells of itself.
    func metric(_ name: String) throws -> Double {
        let answer = try connection("127.0.0.1").ask("GET", "/metrics", nil)
        let line = String(decoding: answer.body, as: UTF8.self).split(separator: "\n").first {
            $0.hasPrefix(name + " ")
        }
        guard let value = line?.split(separator: " ").last.flatMap({ Double($0) }) else {
            throw DrillFailure("there is no metric `\(name)`: \(answer.summary)")
        }
        return value
    }

    private func size(_ suffix: String) -> Double {
        var status = stat()
        return stat("\(data)/capability-graph.sqlite\(suffix)", &status) == 0 ? Double(status.st_size) : 0
    }

    private func status(_ name: String) throws -> Double {
        let line = try text("/proc/\(process.process)/status").split(separator: "\n").first { $0.hasPrefix(name) }
        guard let kilobytes = line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first,
            let number = Double(kilobytes)
        else { throw DrillFailure("memory cannot be read") }
        return number * 1024
    }

    private func text(_ path: String) throws -> String {
        guard let file = fopen(path, "r") else { throw DrillFailure("cannot read `\(path)`: the service is gone") }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = fread(&bytes, 1, bytes.count, file)
        return String(decoding: bytes[..<count], as: UTF8.self)
    }
}

extension XRPCConnection {
    /// Sends a delegation.
    func delegate(_ authorization: String) throws -> Answer {
        try ask("POST", "/delegate", nil, ["Authorization: \(authorization)"])
    }
}
