import Glibc
import UCAN

/// Reads the system's clocks.
enum Clock {
    static func now() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }

    /// Milliseconds of a clock that never goes back.
    static func milliseconds() -> Int64 { microseconds() / 1000 }

    /// Microseconds of a clock that never goes back.
    static func microseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    static func wait(microseconds: Int) {
        var time = timespec(tv_sec: microseconds / 1_000_000, tv_nsec: microseconds % 1_000_000 * 1000)
        var rest = timespec()
        while nanosleep(&time, &rest) != 0, errno == EINTR { time = rest }
    }
}

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
