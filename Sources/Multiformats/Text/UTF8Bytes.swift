import Glibc

/// Compares and hashes strings by their UTF-8 bytes; `String ==` would equate canonically equivalent texts.
package enum UTF8Bytes {
    package static func equal(_ left: String, _ right: String) -> Bool {
        let count = left.utf8.count
        guard count == right.utf8.count else { return false }
        let contiguous = left.utf8.withContiguousStorageIfAvailable { first in
            right.utf8.withContiguousStorageIfAvailable { second in
                guard let first = first.baseAddress, let second = second.baseAddress else { return true }
                return memcmp(first, second, count) == 0
            }
        }
        if case .some(.some(let same)) = contiguous { return same }
        return left.utf8.elementsEqual(right.utf8)
    }

    /// The bytes of a file without the byte order mark that editors may put before its text (RFC 3629 6). On the wire a
    /// mark is refused, since it is no part of JSON there (RFC 8259 8.1).
    package static func withoutMark(_ bytes: [UInt8]) -> ArraySlice<UInt8> {
        bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? bytes.dropFirst(3) : bytes[...]
    }

    package static func precedes(_ left: String, _ right: String) -> Bool {
        compare(left, right) < 0
    }

    /// Orders as memcmp does, a prefix first.
    package static func compare(_ left: String, _ right: String) -> Int {
        let contiguous = left.utf8.withContiguousStorageIfAvailable { first in
            right.utf8.withContiguousStorageIfAvailable { second in compare(first, second) }
        }
        if case .some(.some(let order)) = contiguous { return order }
        return Array(left.utf8).withUnsafeBufferPointer { first in
            Array(right.utf8).withUnsafeBufferPointer { second in compare(first, second) }
        }
    }

    package static func hash(_ text: String, into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        // Ends the text, so that neighbouring texts cannot share bytes.
        hasher.combine(0xff as UInt8)
    }

    @inline(__always)
    static func compare(_ left: UnsafeBufferPointer<UInt8>, _ right: UnsafeBufferPointer<UInt8>) -> Int {
        let shared = min(left.count, right.count)
        if shared > 0, let first = left.baseAddress, let second = right.baseAddress {
            let order = memcmp(first, second, shared)
            if order != 0 { return Int(order) }
        }
        return left.count - right.count
    }

    /// Makes a string of strictly valid UTF-8; nil otherwise.
    static func string(_ bytes: UnsafeBufferPointer<UInt8>) -> String? {
        // The validating initializer costs far more than looking for high bits, and most text has none.
        isASCII(bytes) ? String(decoding: bytes, as: UTF8.self) : String(validating: bytes, as: UTF8.self)
    }

    private static func isASCII(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let base = bytes.baseAddress else { return true }
        var seen: UInt64 = 0
        var at = 0
        while at + 8 <= bytes.count {
            seen |= UnsafeRawPointer(base + at).loadUnaligned(as: UInt64.self)
            at += 8
        }
        while at < bytes.count {
            seen |= UInt64(base[at])
            at += 1
        }
        return seen & 0x8080_8080_8080_8080 == 0
    }
}
