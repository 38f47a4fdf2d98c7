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

/// Reads small files whole.
enum FileBytes {
    /// Returns the bytes of a file, or nil when it cannot be read or is larger than `limit`.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            guard count >= 0, bytes.count + count <= limit else { return nil }
            if count == 0 { return bytes }
            bytes += chunk[..<count]
        }
    }
}
