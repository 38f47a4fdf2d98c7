import Glibc

/// Mounts a file system of fixed size in memory, for tests that need a disk to fill.
final class TemporaryFileSystem: Sendable {
    struct Refused: Error { let code: Int32 }

    let folder: String
    private let scratch = Scratch()

    /// Tries once whether this process may mount.
    static let isPermitted: Bool = (try? TemporaryFileSystem(megabytes: 1)) != nil

    init(megabytes: Int) throws {
        folder = scratch.path("disk")
        mkdir(folder, 0o700)
        guard mount("tmpfs", folder, "tmpfs", 0, "size=\(megabytes)m") == 0 else { throw Refused(code: errno) }
    }

    func makeReadOnly() throws {
        let flags = UInt(MS_REMOUNT | MS_RDONLY)
        guard mount("tmpfs", folder, "tmpfs", flags, nil) == 0 else { throw Refused(code: errno) }
    }

    deinit {
        umount2(folder, Int32(MNT_DETACH))
        rmdir(folder)
    }
}
