import CapClient
import Glibc
import Multiformats
import UCAN

/// Starts the service on files that it must refuse, and checks that it says why and leaves them as they are.
final class RefusedFiles {
    private let program: String
    private let folder: String
    private var good: [UInt8] = []

    init(_ program: String, folder: String) {
        self.program = program
        self.folder = folder
    }

    /// Makes a database with some content to damage.
    func prepare(_ data: String) throws {
        let service = try ServiceProcess(program, data: data, log: folder + "/capservice.log")
        guard service.waitUntilReady() else { throw DrillFailure("the service does not start") }
        let host = try CapClient(baseURL: service.url).version()["nodeId"]?.string ?? ""
        var generator = Generator(seed: 1)
        let cast = try Cast(&generator, host: DID(host))
        let probe = try Probe(service.url, cast)
        for token in [cast.host, cast.root] { _ = try probe.send(token) }
        let worker = LoadWorker(0, cast, seed: 1)
        worker.load(service.url, statements: 300)
        guard worker.violations.isEmpty, service.stop() == 0 else { throw DrillFailure("no database to damage") }
        good = try read(data + "/capability-graph.sqlite")
    }

    /// Tries each kind of file; a line of each says what is wrong, or nil.
    func run(_ generator: inout Generator) throws -> [(name: String, violation: String?)] {
        var newer = good
        // Bytes 60 to 63 of a database hold the number of its format, big-endian.
        newer[63] = 200
        var foreign = good
        foreign.replaceSubrange(68..<72, with: [1, 2, 3, 4])
        let garbage = (0..<good.count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        var files: [(name: String, bytes: [UInt8], word: String)] = [
            ("a newer format", newer, "newer"),
            ("another program's database", foreign, "another application's database"),
            ("garbage", garbage, "not a capability log"),
            ("text", Array("not a database\n".utf8), "not a capability log"),
            ("the first half", Array(good[..<(good.count / 2)]), "damaged"),
            ("less than a header", Array(good[..<50]), "another application's database"),
        ]
        // A page of noise anywhere. A start reads every page but those of tokens, which `capservice verify` reads too.
        for _ in 0..<6 {
            var damaged = good
            let page = generator.int(in: 1...good.count / 4096 - 1)
            for place in page * 4096..<(page + 1) * 4096 {
                damaged[place] = UInt8(truncatingIfNeeded: generator.next())
            }
            files.append(("noise in page \(page + 1)", damaged, "damaged"))
        }
        return try files.map { ($0.name, try attempt($0.name, $0.bytes, $0.word)) }
    }

    private func attempt(_ name: String, _ bytes: [UInt8], _ word: String) throws -> String? {
        let data = folder + "/refused"
        let log = folder + "/refused.log"
        mkdir(data, 0o700)
        for file in ["", "-wal", "-shm", "-lock", ".lock", ".head"] { unlink("\(data)/capability-graph.sqlite\(file)") }
        unlink(log)
        try write(bytes, data + "/capability-graph.sqlite")
        var service = try ServiceProcess(program, data: data, log: log)
        if service.waitUntilReady() {
            service.kill()
            guard name.hasPrefix("noise") else { return "the service starts on it" }
            service = try ServiceProcess(program, ["verify", "--data", data], log: log)
        }
        let exit = service.end()
        let words = String(decoding: try read(log), as: UTF8.self)
        say("\(name): \(words.split(separator: "\n").first ?? "")")
        if exit != 1 { return "the exit code is \(exit)" }
        if !words.contains(word) || !words.contains("hint: ") { return "the words are: \(words)" }
        guard try read(data + "/capability-graph.sqlite") == bytes else { return "the file was changed" }
        return nil
    }

    private func read(_ path: String) throws -> [UInt8] {
        guard let file = fopen(path, "r") else { throw DrillFailure("cannot read `\(path)`") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }

    private func write(_ bytes: [UInt8], _ path: String) throws {
        guard let file = fopen(path, "w") else { throw DrillFailure("cannot write `\(path)`") }
        defer { fclose(file) }
        guard fwrite(bytes, 1, bytes.count, file) == bytes.count else { throw DrillFailure("cannot write `\(path)`") }
    }
}
