import Glibc

/// Holds the files of a data folder in memory, to be laid down again and again.
struct DataFolder: Sendable {
    /// What each file holds, by its name.
    var files: [String: [UInt8]] = [:]

    static let database = "capability-graph.sqlite"
    static let writeAhead = database + "-wal"
    static let head = database + ".head"
    static let lock = database + ".lock"
    static let keyFile = "account-keys.master"
    /// The shared memory of SQLite: who opens the database first makes it anew, so it carries nothing.
    static let sharedMemory = database + "-shm"

    init(_ files: [String: [UInt8]] = [:]) { self.files = files }

    /// Reads a folder, but the shared memory in it.
    init(readingFrom path: String) throws {
        for name in try Self.names(in: path) where name != Self.sharedMemory {
            files[name] = try Self.read("\(path)/\(name)")
        }
    }

    /// Makes a folder hold these files and nothing else.
    func lay(at path: String) throws {
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw DrillFailure("cannot make `\(path)`") }
        for name in try Self.names(in: path) { unlink("\(path)/\(name)") }
        for (name, bytes) in files { try Self.write(bytes, "\(path)/\(name)") }
    }

    /// Names of the files that a folder holds otherwise than this. The lock, which names a process, and the shared memory do
    /// not count, nor does a write-ahead log that is made and empty, or a count of commits made where there was none.
    func differences(from path: String) throws -> [String] {
        let found = try DataFolder(readingFrom: path)
        return Set(files.keys).union(found.files.keys).filter { name in
            let (was, now) = (files[name] ?? [], found.files[name] ?? [])
            return name != Self.lock && was != now && !(name == Self.head && was.isEmpty)
        }.sorted()
    }

    private static func names(in path: String) throws -> [String] {
        guard let folder = opendir(path) else { throw DrillFailure("cannot read `\(path)`") }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    static func read(_ path: String) throws -> [UInt8] {
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

    /// Makes a file that only its owner may read, as the service does.
    static func write(_ bytes: [UInt8], _ path: String) throws {
        unlink(path)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw DrillFailure("cannot write `\(path)`") }
        defer { close(descriptor) }
        var offset = 0
        while offset < bytes.count {
            let count = bytes[offset...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw DrillFailure("cannot write `\(path)`") }
            offset += count
        }
    }
}
