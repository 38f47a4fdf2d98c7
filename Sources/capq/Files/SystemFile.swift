import Glibc

/// Reads and writes files through the C library.
enum SystemFile {
    /// Why a file could not be read or written, in words fit for a message.
    struct Trouble: Error, Equatable {
        let code: Int32
        var words: String { String(cString: strerror(code)).lowercased() }
    }

    /// Reads to the end; nil when there are more than `limit` bytes or reading fails.
    static func readAll(_ descriptor: Int32, limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                return nil
            }
            guard bytes.count + count <= limit else { return nil }
            bytes += buffer[..<count]
        }
    }

    /// Writes every byte; false when the other end is closed or the disk is full.
    @discardableResult
    static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Bool {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { raw in
                Glibc.write(descriptor, raw.baseAddress.map { $0 + written }, raw.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                return false
            }
            written += count
        }
        return true
    }

    /// Opens for reading and hands the descriptor and its status to `body`.
    static func withOpen<Result>(
        _ path: String,
        _ body: (Int32, stat) throws(CommandError) -> Result
    ) throws(CommandError) -> Result {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            let trouble = Trouble(code: errno)
            let exit: ExitCode = trouble.code == ENOENT ? .notFound : .failure
            throw CommandError(exit, "cannot read `\(path)`: \(trouble.words)")
        }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            throw CommandError(.failure, "cannot read `\(path)`: \(Trouble(code: errno).words)")
        }
        return try body(descriptor, status)
    }

    /// Reads a file of at most `limit` bytes.
    static func read(_ path: String, limit: Int) throws(CommandError) -> [UInt8] {
        try withOpen(path) { (descriptor, _) throws(CommandError) in
            guard let bytes = readAll(descriptor, limit: limit) else {
                throw CommandError(.failure, "cannot read `\(path)`", hint: "a readable file of at most \(limit) bytes")
            }
            return bytes
        }
    }

    /// Tells whether something is at `path`.
    static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }
}

extension SystemFile {
    /// Tells whether group or world may read a file.
    static func isOpenToOthers(_ path: String) -> Bool {
        var status = stat()
        return fstatat(AT_FDCWD, path, &status, 0) == 0 && status.st_mode & 0o044 != 0
    }

    /// Lists the names in a folder, in order; none when it cannot be read.
    static func entries(_ path: String) -> [String] {
        guard let folder = opendir(path) else { return [] }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
