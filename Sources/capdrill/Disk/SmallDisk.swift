import Glibc

/// Mounts a file system of fixed size in memory.
final class SmallDisk {
    let folder: String

    /// Nil when this process may not mount.
    init?(_ folder: String, megabytes: Int) throws {
        self.folder = folder
        guard mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw DrillFailure("cannot make `\(folder)`") }
        guard mount("tmpfs", folder, "tmpfs", 0, "size=\(megabytes)m") == 0 else {
            guard errno == EPERM || errno == EACCES else {
                throw DrillFailure("cannot mount: \(String(cString: strerror(errno)))")
            }
            return nil
        }
    }

    deinit { umount2(folder, Int32(MNT_DETACH)) }

    func grow(megabytes: Int) throws {
        guard mount("tmpfs", folder, "tmpfs", UInt(MS_REMOUNT), "size=\(megabytes)m") == 0 else {
            throw DrillFailure("cannot grow the disk: \(String(cString: strerror(errno)))")
        }
    }
}
