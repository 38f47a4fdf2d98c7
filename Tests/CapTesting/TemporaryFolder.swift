public import Glibc

/// Gives a test a folder of its own and removes it with everything in it.
public final class TemporaryFolder: Sendable {
    public let path: String

    public init() {
        var template = Array("/tmp/capability-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("cannot make a folder below /tmp") }
        path = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Self.remove(path) }

    /// Writes a whole file, so that a reader sees the old text or the new one.
    public func write(_ text: String, to name: String, mode: mode_t = 0o600) {
        let place = "\(path)/\(name)"
        let descriptor = open(place + ".new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        let bytes = Array(text.utf8)
        guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
            fatalError("cannot write \(place)")
        }
        close(descriptor)
        rename(place + ".new", place)
    }

    /// Reads a whole file; empty when there is none.
    public func read(_ name: String) -> String {
        guard let file = fopen("\(path)/\(name)", "rb") else { return "" }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&part, 1, part.count, file)
            if count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: part[..<count])
        }
    }

    private static func remove(_ place: String) {
        if let folder = opendir(place) {
            var names: [String] = []
            while let entry = readdir(folder) {
                names.append(
                    withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                        String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
                    })
            }
            closedir(folder)
            for name in names where name != "." && name != ".." { remove("\(place)/\(name)") }
            rmdir(place)
        } else {
            unlink(place)
        }
    }
}
