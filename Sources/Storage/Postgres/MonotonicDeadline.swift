import Glibc

/// A moment after which nothing is waited for.
struct MonotonicDeadline {
    private let end: Int64

    init(milliseconds: Int32) { end = MonotonicDeadline.now + Int64(milliseconds) }

    /// Milliseconds that are left, 0 when none are.
    var remaining: Int32 { Int32(clamping: max(0, end - MonotonicDeadline.now)) }

    /// Microseconds since 1970 by the clock that people set.
    static var wallClock: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// Milliseconds of a clock that goes on while the machine sleeps.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
