import CSQLite
import Glibc

extension StorageError {
    /// Translates a result code; `handle` adds the operating system's error when there is one.
    init(sqlite status: Int32, handle: OpaquePointer?, path: String) {
        let detail =
            handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? String(cString: sqlite3_errstr(status))
        let system = handle.map { sqlite3_system_errno($0) } ?? 0
        switch status & 0xff {
        case SQLITE_FULL: self = .full(path)
        // A short write to the shared memory or the directory is reported as plain i/o failure.
        case SQLITE_IOERR where system == ENOSPC || system == EDQUOT: self = .full(path)
        case SQLITE_IOERR:
            self.init(.ioError, "cannot read or write `\(path)`: \(StorageError.system(system, or: detail))")
        case SQLITE_CORRUPT:
            self.init(.corrupt, "`\(path)` is damaged: \(detail)", hint: "restore it from a backup")
        case SQLITE_NOTADB:
            self.init(.notADatabase, "`\(path)` is not a capability log", hint: "check the path")
        case SQLITE_BUSY, SQLITE_LOCKED:
            self.init(.locked, "`\(path)` is in use by another process", hint: "stop it, or wait until it is done")
        case SQLITE_READONLY, SQLITE_PERM:
            self.init(.readOnly, "`\(path)` cannot be written", hint: "check who may write the file and its folder")
        case SQLITE_CANTOPEN:
            self.init(.ioError, "cannot open `\(path)`: \(StorageError.system(system, or: detail))")
        case SQLITE_ERROR where detail == "unsupported file format":
            // The schema format number in the header is none that the library knows: no version of it writes such.
            self.init(.corrupt, "`\(path)` is damaged: \(detail)", hint: "restore it from a backup")
        case SQLITE_CONSTRAINT, SQLITE_TOOBIG: self.init(.constraint, "`\(path)` refuses the write: \(detail)")
        default: self.init(.internal, "`\(path)`: \(detail) (code \(status))")
        }
    }

    /// Describes a failed system call.
    init(errno code: Int32, _ action: String, _ path: String) {
        let reason = StorageError.system(code, or: "unknown reason")
        switch code {
        case ENOSPC, EDQUOT: self = .full(path)
        case ENOENT: self.init(.notFound, "cannot \(action) `\(path)`: \(reason)")
        case EROFS, EACCES, EPERM: self.init(.readOnly, "cannot \(action) `\(path)`: \(reason)")
        default: self.init(.ioError, "cannot \(action) `\(path)`: \(reason)")
        }
    }

    private static func full(_ path: String) -> StorageError {
        StorageError(
            .diskFull,
            "no space left to write `\(path)`",
            hint: "free space or raise the limit; nothing acknowledged was lost"
        )
    }

    private static func system(_ code: Int32, or fallback: String) -> String {
        guard code != 0 else { return fallback }
        var buffer = [CChar](repeating: 0, count: 256)
        guard strerror_r(code, &buffer, buffer.count) == 0 else { return fallback }
        let text = buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
        return String(decoding: text, as: UTF8.self).lowercased()
    }
}
