import Glibc
import UCAN

/// A file with the time that a service reads in place of the system's.
struct ClockFile {
    let path: String
    private let start = Clock.now().microseconds / 1_000_000

    init(_ path: String) throws {
        self.path = path
        try advance(seconds: 0)
    }

    /// Sets it to so many seconds after the drill began with it.
    func advance(seconds: Int64) throws {
        // Renamed into place, so that nobody reads half of it.
        guard let file = fopen(path + ".new", "w") else { throw DrillFailure("cannot write `\(path)`") }
        fputs("\(start + seconds)\n", file)
        fclose(file)
        guard rename(path + ".new", path) == 0 else { throw DrillFailure("cannot write `\(path)`") }
    }
}
