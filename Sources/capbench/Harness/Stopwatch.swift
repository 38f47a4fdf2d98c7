import Glibc
import UCAN

enum Stopwatch {
    static func nanoseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// The time of day, as the service reads it.
    static func wallClock() -> Timestamp {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(seconds: Int64(time.tv_sec))
    }

    /// Cpu nanoseconds of the calling thread.
    static func threadNanoseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// Cpu nanoseconds of all threads of this process.
    static func processNanoseconds() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    /// Runs a body some times and returns the smallest time of one run, in nanoseconds of this thread's cpu.
    static func best(of runs: Int, _ body: () throws -> Void) rethrows -> Double {
        var best = Double.infinity
        for _ in 0..<runs {
            let start = threadNanoseconds()
            try body()
            best = min(best, threadNanoseconds() - start)
        }
        return best
    }
}

/// Keeps the optimizer from removing what a benchmark computes; not even its parameter may be optimized away.
@inline(never)
@_optimize(none)
func keep<Value>(_ value: Value) { withExtendedLifetime(value) {} }

/// The same numbers in every run (SplitMix64).
struct BenchRandom: RandomNumberGenerator {
    var state: UInt64 = 0x0123_4567_89AB_CDEF

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
