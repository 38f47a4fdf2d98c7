import Glibc

/// Remembers beside a database, in a file of its own, how many commits were acknowledged.
///
/// SQLite takes the end of a write-ahead log for the end of history, so one that was deleted or cut short reads as an
/// older, sound database. The number is written after each commit and not synced: it never runs ahead of what is
/// durable, survives the death of the process, and lags by some seconds after a power cut, when it proves less.
final class HeadFile {
    private let descriptor: Int32
    private static let magic: UInt64 = 0x6361_7068_6561_6431  // "caphead1"
    private static let byteCount = 24

    /// Opens the file for the process that writes the database, making it when there is none.
    init(path: String) throws(StorageError) {
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw StorageError(errno: errno, "open", path) }
    }

    deinit { close(descriptor) }

    /// Writes the number over the last one, in place. That it cannot be is no reason to fail a commit that was made.
    func write(_ commitCount: UInt64) {
        let words = [Self.magic, commitCount, Self.checksum(commitCount)].map(\.bigEndian)
        _ = words.withUnsafeBytes { pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }

    /// Gives the number a file holds; nil where there is none, or one that a power cut left empty.
    static func read(path: String) throws(StorageError) -> UInt64? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StorageError(errno: errno, "open", path)
        }
        defer { close(descriptor) }
        var words = [UInt64](repeating: 0, count: byteCount / 8)
        let count = words.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count >= 0 else { throw StorageError(errno: errno, "read", path) }
        if count == 0 || words.allSatisfy({ $0 == 0 }) { return nil }
        let commitCount = UInt64(bigEndian: words[1])
        guard count == byteCount, UInt64(bigEndian: words[0]) == magic,
            UInt64(bigEndian: words[2]) == checksum(commitCount)
        else {
            throw StorageError(
                .corrupt, "`\(path)` is damaged",
                hint: "run `capservice verify`, and remove that file if it finds nothing")
        }
        return commitCount
    }

    private static func checksum(_ commitCount: UInt64) -> UInt64 {
        var checksum = Checksum(seed: magic)
        checksum.mix(commitCount)
        return checksum.finished()
    }
}

extension DatabaseFile {
    var headPath: String { path + ".head" }

    /// Refuses to make an empty log where one had acknowledged commits.
    func checkNothingIsLost() throws(StorageError) {
        guard let known = try HeadFile.read(path: headPath), known > 0 else { return }
        throw StorageError(
            .corrupt, "`\(path)` is gone or empty, and \(known) commits were acknowledged in it",
            hint: "restore it from a backup, or remove `\(headPath)` to start afresh")
    }

    /// Refuses a log that ends before what was acknowledged.
    func check(_ commitCount: UInt64, against known: UInt64?) throws(StorageError) {
        guard let known, commitCount < known else { return }
        throw StorageError(
            .corrupt,
            "`\(path)` ends at commit \(commitCount), and \(known) were acknowledged: "
                + "its write-ahead log was lost or cut short, or an older copy took its place",
            hint: "restore the newest backup, or remove `\(headPath)` to go on without the lost commits")
    }
}
