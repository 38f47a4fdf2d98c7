import Glibc
import UCAN

/// Reads the time once per request, from the system or from a file that tests and drills write.
struct ServiceClock: Sendable {
    let file: String?

    /// The instant, or nil when the clock file cannot be read; nothing is allowed without a clock.
    func now() -> Timestamp? {
        guard let file else {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
        }
        guard let bytes = FileBytes.read(file, limit: 64) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self).split(whereSeparator: \.isWhitespace).first ?? ""
        guard let seconds = Double(text), seconds.isFinite, abs(seconds) < 9_007_199_254 else { return nil }
        return Timestamp(microseconds: Int64((seconds * 1_000_000).rounded()))
    }
}
