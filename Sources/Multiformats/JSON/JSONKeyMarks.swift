/// Remembers small marks of an object's first keys, so that most of them need not be compared with each other.
struct JSONKeyMarks {
    private var seen: UInt64 = 0
    private var count = 0

    /// Says whether `key` may be a key given before; always false once the object is too large for pairwise comparison.
    @inline(__always)
    mutating func mayRepeat(_ key: String) -> Bool {
        guard count <= JSONObject.linearCount else { return false }
        count += 1
        let mark: UInt64 = 1 &<< Self.mark(key)
        defer { seen |= mark }
        return seen & mark != 0
    }

    /// Gives 0...63 from the length and a few bytes; equal keys have equal marks.
    @inline(__always)
    private static func mark(_ key: String) -> UInt64 {
        let bytes = key.utf8
        let mixed: UInt64? = bytes.withContiguousStorageIfAvailable { bytes in
            let count = bytes.count
            guard count > 0 else { return 0 }
            let picked = UInt64(bytes[0]) | UInt64(bytes[count >> 1]) << 8 | UInt64(bytes[count - 1]) << 16
            return (picked | UInt64(count) << 24) &* 0x9e37_79b9_7f4a_7c15
        }
        return (mixed ?? 0) >> 58
    }
}
