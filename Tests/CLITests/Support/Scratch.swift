import Glibc
import Testing

@testable import capq

/// Gives a test a folder of its own and runs capq in it, without a process.
final class Scratch {
    let folder: String
    var process: ProcessEnvironment

    init(isTerminal: Bool = false, width: Int = 80) {
        var template = Array("/tmp/capq-test-XXXXXX".utf8CString)
        folder = template.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) } ?? "/tmp/capq-test"
        }
        process = ProcessEnvironment(
            environment: ["CAPQ_HOME": folder + "/home", "HOME": folder],
            isTerminal: isTerminal,
            width: width,
            now: 1_783_684_800_000_000,
            randomBytes: { count in (0..<count).map { UInt8(truncatingIfNeeded: $0 + 1) } },
            standardInput: { _ in [] }
        )
    }

    deinit {
        _ = Self.shell("rm -rf '\(folder)'")
    }

    var home: String { folder + "/home" }

    @discardableResult
    func run(_ words: String...) -> Run.Outcome { Run.outcome(words, process) }

    /// Writes a file below the folder and returns its path.
    func write(_ text: String, _ name: String, mode: mode_t = 0o600) -> String {
        let path = "\(folder)/\(name)"
        let file = fopen(path, "w")
        fputs(text, file)
        if let file { fclose(file) }
        chmod(path, mode)
        return path
    }

    static func text(_ path: String) -> String? {
        (try? SystemFile.read(path, limit: 1 << 24)).map { String(decoding: $0, as: UTF8.self) }
    }

    static func mode(_ path: String) -> mode_t? {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
    }

    /// Runs a line of shell and returns its exit code.
    static func shell(_ line: String) -> Int32 {
        let status = system(line)
        return (status >> 8) & 0xff
    }
}
