import Glibc
public import Multiformats

/// Reads files below `fixtures/` of this package.
public enum Fixture {
    /// Gives the absolute path of a file or folder below `fixtures/`.
    public static func path(_ relative: String) -> String {
        let parts = #filePath.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast(3).joined(separator: "/") + "/fixtures/" + relative
    }

    /// Reads a whole file; stops the test run when it is missing.
    public static func bytes(_ relative: String) -> [UInt8] {
        guard let file = fopen(path(relative), "rb") else { fatalError("no fixture at \(path(relative))") }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&part, 1, part.count, file)
            if count == 0 { return bytes }
            bytes.append(contentsOf: part[..<count])
        }
    }

    /// Reads a file as UTF-8 text.
    public static func text(_ relative: String) -> String {
        String(decoding: bytes(relative), as: UTF8.self)
    }

    /// Parses a file with the strict parser, its byte limit lifted.
    public static func json(_ relative: String) throws -> JSON {
        try JSON.parse(bytes(relative), limits: JSONLimits(maxBytes: 1 << 26, maxMembers: 1 << 22))
    }

    /// Writes a whole file, for a test that makes a fixture when it is asked to.
    public static func write(_ text: String, to relative: String) {
        let bytes = Array(text.utf8)
        guard let file = fopen(path(relative), "wb"), fwrite(bytes, 1, bytes.count, file) == bytes.count,
            fclose(file) == 0
        else { fatalError("cannot write \(path(relative))") }
    }

    /// Names the files of a folder, sorted.
    public static func names(in relative: String) -> [String] {
        guard let folder = opendir(path(relative)) else { fatalError("no fixture folder at \(path(relative))") }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.utf8.starts(with: ".".utf8) { names.append(name) }
        }
        return names.sorted()
    }
}
