import Glibc
import Storage

/// Holds bytes that are read once and in order, in a file that has no name and goes with this.
///
/// Unchecked because one thread at a time uses it, as its owner sees to.
final class SpoolFile: @unchecked Sendable {
    private let descriptor: Int32
    private var written: Int64 = 0
    private var taken: Int64 = 0

    /// Nil where the folder for temporary files (`TMPDIR`, else `/tmp`) takes none.
    init?() {
        let folder = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var path = Array("\(folder)/capservice-XXXXXX".utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else { return nil }
        unlink(path)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        self.descriptor = descriptor
    }

    deinit { close(descriptor) }

    /// Writes all of the bytes behind what is there; false when the disk takes no more, and then none of them counts.
    func append(_ bytes: [UInt8]) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes[done...].withUnsafeBytes { piece in
                pwrite(descriptor, piece.baseAddress, piece.count, off_t(written) + off_t(done))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        written += Int64(done)
        return true
    }

    /// Gives up to so many further bytes; nil when all were taken.
    func take(_ most: Int) throws -> [UInt8]? {
        let wanted = Int(min(Int64(most), written - taken))
        guard wanted > 0 else { return nil }
        var count = -1
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { room, filled in
            repeat {
                count = pread(descriptor, room.baseAddress, wanted, off_t(taken))
            } while count < 0 && errno == EINTR
            filled = max(0, count)
        }
        guard count > 0 else { throw StorageError(.internal, "a file for an export cannot be read") }
        taken += Int64(count)
        return bytes
    }
}
