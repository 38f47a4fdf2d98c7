import Glibc

/// Reads and writes files only their owner may see.
enum PrivateFile {
    /// Bytes allowed in a key, configuration or session file.
    static let limit = 1 << 20

    /// Reads a file that must be closed to group and world.
    static func read(_ path: String) throws(CommandError) -> [UInt8] {
        try SystemFile.withOpen(path) { (descriptor, status) throws(CommandError) in
            guard status.st_mode & S_IFMT == S_IFREG else {
                throw CommandError(.failure, "`\(path)` is not a plain file")
            }
            let mode = status.st_mode & 0o777
            guard mode & 0o077 == 0 else {
                throw CommandError(
                    .failure,
                    "`\(path)` can be read by others (mode \(octal(mode)))",
                    hint: "chmod 600 '\(path)', and make a new key if others may have seen it"
                )
            }
            guard let bytes = SystemFile.readAll(descriptor, limit: limit) else {
                throw CommandError(.failure, "`\(path)` is larger than \(limit) bytes or unreadable")
            }
            return bytes
        }
    }

    /// Writes a file of mode 0600 in one step: readers see all of it or none.
    ///
    /// A failure when something is at `path` already and `replaces` is false.
    static func write(_ bytes: [UInt8], to path: String, replaces: Bool) throws(CommandError) {
        try makeFolder(folder(of: path))
        let draft = "\(path).\(getpid()).\(UInt64.random(in: 0...UInt64.max)).tmp"
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw trouble(path) }
        defer { unlink(draft) }
        // The umask can only take rights away, but not those of an inherited access list.
        let isWritten =
            fchmod(descriptor, 0o600) == 0 && SystemFile.writeAll(descriptor, bytes) && fsync(descriptor) == 0
        let writeError = errno
        guard close(descriptor) == 0, isWritten else {
            throw CommandError(.failure, "cannot write `\(path)`: \(SystemFile.Trouble(code: writeError).words)")
        }
        // A hard link refuses to replace; a rename replaces in one step.
        guard (replaces ? rename(draft, path) : link(draft, path)) == 0 else {
            guard errno != EEXIST else {
                throw CommandError(
                    .failure, "`\(path)` is there already", hint: "choose another name, or remove it first")
            }
            throw trouble(path)
        }
        let parent = open(folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        if parent >= 0 {
            fsync(parent)
            close(parent)
        }
    }

    /// Makes a folder and those above it, closed to others.
    static func makeFolder(_ path: String) throws(CommandError) {
        var built = path.utf8.first == UInt8(ascii: "/") ? "/" : ""
        for part in path.split(separator: "/") {
            built += built.isEmpty || built.hasSuffix("/") ? part : "/" + part
            guard mkdir(built, 0o700) == 0 || errno == EEXIST else { throw trouble(built) }
        }
    }

    private static func folder(of path: String) -> String {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    private static func trouble(_ path: String) -> CommandError {
        CommandError(.failure, "cannot write `\(path)`: \(SystemFile.Trouble(code: errno).words)")
    }

    private static func octal(_ mode: mode_t) -> String {
        let digits = String(mode, radix: 8)
        return String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

/// Checks names that become names of files: keys and contexts.
enum EntryName {
    /// Accepts 1 to 64 letters, digits, dots, dashes and underscores, not starting with a dot or a dash.
    static func check(_ name: String, what: String) throws(CommandError) {
        let isPlain = name.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
                || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
                || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || ".-_".utf8.contains(byte)
        }
        guard isPlain, (1...64).contains(name.utf8.count), !name.hasPrefix("."), !name.hasPrefix("-") else {
            throw .usage(
                "`\(name)` cannot name a \(what)",
                hint: "letters, digits, dots, dashes and underscores, at most 64, not starting with a dot or dash"
            )
        }
    }
}

/// Reads what a positional names: a file, or standard input for `-`.
enum FileInput {
    static func read(_ name: String, _ process: ProcessEnvironment, limit: Int) throws(CommandError) -> [UInt8] {
        guard name.hasSameBytes(as: "-") else { return try SystemFile.read(name, limit: limit) }
        guard let input = process.standardInput(limit) else {
            throw CommandError(.failure, "standard input cannot be read or is longer than \(limit) bytes")
        }
        return input
    }
}
