import Glibc

/// Holds an exclusive advisory lock on a file until it is released or the process ends, however it ends.
final class FileLock {
    private let descriptor: Int32

    /// Takes the lock at `path`, or says which process holds it; `guarded` is the file it stands for.
    init(path: String, guarding guarded: String) throws(StorageError) {
        // Close on exec: a child that inherited the descriptor would keep the lock after its parent is gone.
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard opened >= 0 else { throw StorageError(errno: errno, "open", path) }
        do throws(StorageError) {
            try FileLock.take(opened, path, guarded)
        } catch {
            close(opened)
            throw error
        }
        descriptor = opened
    }

    /// The lock file stays: removing it would let two processes lock two files of one name.
    deinit { close(descriptor) }

    private static func take(_ descriptor: Int32, _ path: String, _ guarded: String) throws(StorageError) {
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            if code == EINTR { continue }
            guard code == EWOULDBLOCK else { throw StorageError(errno: code, "lock", path) }
            let holder = holder(descriptor).map { "process \($0)" } ?? "another process"
            throw StorageError(
                .locked,
                "`\(guarded)` is in use by \(holder)",
                hint: "stop that process first; reading beside it is allowed"
            )
        }
        // The number only serves the message above, so a full disk is no reason to fail.
        let text = Array("\(getpid())\n".utf8)
        if ftruncate(descriptor, 0) == 0 { _ = pwrite(descriptor, text, text.count, 0) }
    }

    private static func holder(_ descriptor: Int32) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: 16)
        let count = pread(descriptor, &buffer, buffer.count, 0)
        guard count > 0 else { return nil }
        return Int32(String(decoding: buffer[..<count].prefix { $0 != 10 }, as: UTF8.self))
    }
}
