/// Finds where a run of characters ends that JSON writes as they are.
enum PlainTextScan {
    private static let ones: UInt64 = 0x0101_0101_0101_0101
    private static let highs: UInt64 = 0x8080_8080_8080_8080

    /// Gives the index of the first quote, backslash or control character from `start`, or `end`.
    @inline(__always)
    static func end(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int) -> Int {
        var isASCII = true
        return self.end(base, from: start, to: end, isASCII: &isASCII)
    }

    /// Also clears `isASCII` when the run holds a byte above 0x7f.
    @inline(__always)
    static func end(_ base: UnsafePointer<UInt8>, from start: Int, to end: Int, isASCII: inout Bool) -> Int {
        var at = start
        var seen: UInt64 = 0
        defer { if seen & highs != 0 { isASCII = false } }
        while at + 8 <= end {
            let word = UInt64(littleEndian: UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let slashes = word ^ (ones &* 0x5c)
            // A byte's high bit is set where it is below 0x20, a quote or a backslash; the lowest such bit is exact.
            let controls = (word &- (ones &* 0x20)) & ~word
            let found = (controls | ((quotes &- ones) & ~quotes) | ((slashes &- ones) & ~slashes)) & highs
            if found != 0 {
                let bits = UInt64(found.trailingZeroBitCount & ~7)
                seen |= word & (1 &<< bits &- 1)
                return at + Int(bits >> 3)
            }
            seen |= word
            at += 8
        }
        while at < end, base[at] >= 0x20, base[at] != 0x22, base[at] != 0x5c {
            seen |= UInt64(base[at])
            at += 1
        }
        return at
    }
}
