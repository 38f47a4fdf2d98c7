import Glibc

/// Names a database file and the files that belong beside it, by the path links lead to.
struct DatabaseFile {
    let path: String

    /// Follows links, so that two names of one file share one lock and one write-ahead log.
    init(_ given: String) throws(StorageError) {
        guard !given.isEmpty, !given.utf8.contains(0) else {
            throw StorageError(.notFound, "a database needs a path")
        }
        if let real = DatabaseFile.real(given) {
            path = real
            return
        }
        let (folder, name) = DatabaseFile.split(given)
        guard !name.isEmpty, let real = DatabaseFile.real(folder) else {
            throw StorageError(errno: ENOENT, "open", given)
        }
        path = real == "/" ? "/" + name : real + "/" + name
    }

    var lockPath: String { path + ".lock" }
    var writeAheadPath: String { path + "-wal" }

    /// Whether this process could make files beside the database.
    var isFolderWritable: Bool { access(DatabaseFile.split(path).folder, W_OK) == 0 }

    /// Whether there is anything to open; an empty file counts as none.
    func exists() throws(StorageError) -> Bool { try (DatabaseFile.size(path) ?? 0) > 0 }

    /// Size in bytes, nil when there is no such file.
    static func size(_ path: String) throws(StorageError) -> Int64? {
        var info = stat()
        guard stat(path, &info) == 0 else {
            if errno == ENOENT { return nil }
            throw StorageError(errno: errno, "open", path)
        }
        guard info.st_mode & S_IFMT == S_IFREG else {
            throw StorageError(.notADatabase, "`\(path)` is not a file", hint: "check the path")
        }
        return Int64(info.st_size)
    }

    /// Makes an empty file only its owner can read: the data includes private keys.
    static func createPrivate(_ path: String) throws(StorageError) {
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageError(errno: errno, "create", path) }
        close(descriptor)
    }

    static func remove(_ path: String) throws(StorageError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw StorageError(errno: errno, "remove", path) }
    }

    /// Puts a finished file in place so that it is there wholly or not at all, also after power loss.
    static func publish(_ temporary: String, as path: String) throws(StorageError) {
        try sync(temporary, O_RDONLY)
        guard rename(temporary, path) == 0 else { throw StorageError(errno: errno, "create", path) }
        try sync(split(path).folder, O_RDONLY | O_DIRECTORY)
    }

    private static func sync(_ path: String, _ flags: Int32) throws(StorageError) {
        let descriptor = open(path, flags | O_CLOEXEC)
        guard descriptor >= 0 else { throw StorageError(errno: errno, "open", path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StorageError(errno: errno, "write", path) }
    }

    private static func real(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    private static func split(_ path: String) -> (folder: String, name: String) {
        guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return (".", path) }
        let folder = String(path[..<slash])
        return (folder.isEmpty ? "/" : folder, String(path[path.utf8.index(after: slash)...]))
    }
}
