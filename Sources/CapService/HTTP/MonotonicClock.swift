import Glibc

/// Reads the coarse monotonic clock, whose steps of a few milliseconds suit deadlines and cost next to nothing.
enum MonotonicClock {
    /// Gives milliseconds since an arbitrary start.
    static func milliseconds() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}

extension Duration {
    /// Gives whole milliseconds, at least 1.
    var milliseconds: Int64 {
        let parts = components
        return max(1, parts.seconds &* 1000 &+ parts.attoseconds / 1_000_000_000_000_000)
    }
}
