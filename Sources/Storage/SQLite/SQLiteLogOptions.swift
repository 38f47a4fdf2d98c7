/// Sizes of one opened log.
public struct SQLiteLogOptions: Sendable {
    /// Memory for pages, in bytes.
    public var cacheBytes: Int
    /// Length of the write-ahead log, in pages, at which a commit also moves it into the main file.
    ///
    /// Long enough that moving is rare, short enough that recovery after a crash reads little.
    public var checkpointPages: Int
    /// Largest size of the main file in bytes; a commit beyond it fails with `diskFull`.
    public var maximumBytes: Int64?
    /// Bytes of a database up to which a start reads all its tables, which took half a second for 70,000 records; of a longer
    /// one it leaves the large tables to `verify`.
    public var wholeCheckBytes: Int64 = 64 << 20
    /// How many read tables at the same time; the next waits.
    package var maxReaders = 32
    /// Names the layer between SQLite and the disk, for tests that watch it.
    var fileSystem: String?
    /// Tables that are about to be filled anew, so that what they hold is not looked at.
    var mended: Set<String> = []
    /// Tables that families declare beside those of the format; made where they are missing.
    var tables: [TableSchema] = []
    /// Those of them that the log says, so that a new one is not as it has to be where the log says anything.
    var projections: Set<String> = []

    public init(cacheBytes: Int = 8 << 20, checkpointPages: Int = 4000, maximumBytes: Int64? = nil) {
        self.cacheBytes = cacheBytes
        self.checkpointPages = checkpointPages
        self.maximumBytes = maximumBytes
    }
}
