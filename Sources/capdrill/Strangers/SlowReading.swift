import Glibc

/// Reads answers as slowly as a service just bears.
enum SlowReading {
    /// Reads from each connection at a rate, for a time.
    static func read(_ readers: [XRPCConnection], bytesPerSecond: Int, seconds: Int) {
        let end = Clock.milliseconds() + Int64(seconds) * 1000
        var bytes = [UInt8](repeating: 0, count: max(1, bytesPerSecond / 10))
        while Clock.milliseconds() < end {
            for reader in readers { recv(reader.descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT)) }
            Clock.wait(microseconds: 100_000)
        }
    }

    /// Waits until the first byte of an answer is there, and leaves it.
    static func waitForBytes(_ reader: XRPCConnection) {
        var byte: UInt8 = 0
        recv(reader.descriptor, &byte, 1, Int32(MSG_PEEK))
    }

    /// How many connections were not ended by the service; what had come before an end is read first.
    static func open(_ readers: [XRPCConnection]) -> Int {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        return readers.count { reader in
            // The window is small, so that a connection that is over gives its end soon.
            for _ in 0..<64 {
                let count = recv(reader.descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
                if count == 0 || (count < 0 && errno != EAGAIN) { return false }
                if count < 0 { return true }
            }
            return true
        }
    }
}
