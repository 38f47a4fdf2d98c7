import Glibc

/// Sorts bytes as the grammar of HTTP does (RFC 9110, 5.6).
enum ASCII {
    /// Says whether a byte may stand in a token: a method or a field name.
    static func isToken(_ byte: UInt8) -> Bool {
        has(byte, in: tokens)
    }

    /// Says whether a byte may stand in a field value: anything but a control character, tab excepted.
    static func isFieldValue(_ byte: UInt8) -> Bool {
        byte >= 0x20 && byte != 0x7f || byte == 0x09
    }

    /// Says whether a byte may stand in a request target: visible and no fragment mark.
    static func isTarget(_ byte: UInt8) -> Bool {
        byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "#")
    }

    /// Says whether a byte may stand in a Host value: a name, an address, a port (RFC 9110, 7.2; no user information).
    static func isHost(_ byte: UInt8) -> Bool {
        has(byte, in: hosts)
    }

    // One bit for each ASCII character: letters and digits, with !#$%&'*+-.^_`|~ in tokens and %-.:[]_~ in hosts.
    private static let tokens = (low: UInt64(0x03ff_6cfa_0000_0000), high: UInt64(0x57ff_ffff_c7ff_fffe))
    private static let hosts = (low: UInt64(0x07ff_6020_0000_0000), high: UInt64(0x47ff_fffe_afff_fffe))

    private static func has(_ byte: UInt8, in set: (low: UInt64, high: UInt64)) -> Bool {
        switch byte {
        case 0..<64: set.low >> UInt64(byte) & 1 == 1
        case 64..<128: set.high >> UInt64(byte - 64) & 1 == 1
        default: false
        }
    }

    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    /// The bytes without the white space around them.
    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var bytes = bytes
        while let first = bytes.first, isBlank(first) { bytes.removeFirst() }
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return bytes
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte
    }

    static func equalIgnoringCase(_ a: some Collection<UInt8>, _ b: some Collection<UInt8>) -> Bool {
        a.count == b.count && zip(a, b).allSatisfy { lowercased($0) == lowercased($1) }
    }

    /// True where the bytes of a word stand in others.
    static func contains(_ bytes: ArraySlice<UInt8>, _ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        return bytes.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, bytes.count >= count else { return false }
            return (0...bytes.count - count).contains { memcmp(base + $0, word.utf8Start, count) == 0 }
        }
    }

    /// Compares bytes with a name given in lower case.
    static func isName(_ bytes: UnsafeRawBufferPointer, _ name: StaticString) -> Bool {
        guard bytes.count == name.utf8CodeUnitCount else { return false }
        for index in 0..<bytes.count where lowercased(bytes[index]) != name.utf8Start[index] { return false }
        return true
    }
}
