/// Writes compact JSON straight into bytes; commas and escapes are its work, balance is the caller's.
public struct JSONWriter: Sendable {
    public private(set) var bytes: [UInt8]
    private var needsComma = false

    public init(reserving byteCount: Int = 256) {
        bytes = []
        bytes.reserveCapacity(byteCount)
    }

    public mutating func beginObject() { begin(UInt8(ascii: "{")) }
    public mutating func endObject() { end(UInt8(ascii: "}")) }
    public mutating func beginArray() { begin(UInt8(ascii: "[")) }
    public mutating func endArray() { end(UInt8(ascii: "]")) }

    /// Writes a member's name; its value must follow.
    public mutating func key(_ key: String) {
        separate()
        appendQuoted(key)
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    public mutating func string(_ value: String) {
        separate()
        appendQuoted(value)
    }

    /// Writes a member's name that needs no escapes, such as a literal; its value must follow.
    public mutating func key(plain name: StaticString) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: "\""))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    /// Writes a string given as UTF-8.
    public mutating func string(utf8 text: UnsafeBufferPointer<UInt8>) {
        separate()
        appendQuoted(text)
    }

    /// Writes one string of several pieces of UTF-8, each of which `pieces` hands over.
    public mutating func string(pieces: ((UnsafeBufferPointer<UInt8>) -> Void) -> Void) {
        separate()
        bytes.append(UInt8(ascii: "\""))
        pieces { appendEscaped($0) }
        bytes.append(UInt8(ascii: "\""))
    }

    /// Writes bytes as a string of padded base64url.
    public mutating func string(paddedBase64URL content: [UInt8]) {
        let count = Base64URL.encodedCount(content.count, padded: true)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { text in
            content.withUnsafeBufferPointer { Base64URL.encode($0, into: text, padded: true) }
            string(utf8: UnsafeBufferPointer(text))
        }
    }

    /// Writes the text of a CID.
    public mutating func string(_ cid: CID) {
        cid.withText { string(utf8: $0) }
    }

    /// How many bytes were written since the last call of `takeBytes`.
    public var count: Int { bytes.count }

    /// Makes room for so many bytes in all since the last call of `takeBytes`.
    public mutating func reserve(_ byteCount: Int) { bytes.reserveCapacity(byteCount) }

    /// Gives what was written since the last call and goes on behind it.
    public mutating func takeBytes() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    @inlinable
    public mutating func int(_ value: some FixedWidthInteger) {
        appendInteger(magnitude: UInt64(truncatingIfNeeded: value.magnitude), negative: value < 0)
    }

    public mutating func bool(_ value: Bool) {
        separate()
        appendLiteral(value ? "true" : "false")
    }

    public mutating func null() {
        separate()
        appendLiteral("null")
    }

    /// Writes a value that is JSON already.
    @inlinable
    public mutating func raw(_ value: some Sequence<UInt8>) {
        if value.withContiguousStorageIfAvailable({ appendRaw($0) }) == nil {
            Array(value).withUnsafeBufferPointer { appendRaw($0) }
        }
    }

    /// Writes a whole value, members in their own order.
    public mutating func value(_ value: JSON) {
        switch value {
        case .null: null()
        case .bool(let value): bool(value)
        case .number(let number): raw(number.text.utf8)
        case .string(let text): string(text)
        case .array(let values):
            beginArray()
            for element in values { self.value(element) }
            endArray()
        case .object(let object):
            beginObject()
            for member in object.members {
                key(member.key)
                self.value(member.value)
            }
            endObject()
        }
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    @inline(__always)
    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func appendLiteral(_ word: StaticString) {
        bytes.append(contentsOf: UnsafeBufferPointer(start: word.utf8Start, count: word.utf8CodeUnitCount))
    }

    @usableFromInline
    mutating func appendRaw(_ value: UnsafeBufferPointer<UInt8>) {
        separate()
        bytes.append(contentsOf: value)
    }

    @usableFromInline
    mutating func appendInteger(magnitude: UInt64, negative: Bool) {
        separate()
        if negative { bytes.append(UInt8(ascii: "-")) }
        if magnitude < 10 { return bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: magnitude)) }
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var rest = magnitude
            var first = 20
            repeat {
                first -= 1
                digits[first] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: digits[first...]))
        }
    }

    private mutating func appendQuoted(_ text: String) {
        var text = text
        text.withUTF8 { appendQuoted($0) }
    }

    private mutating func appendQuoted(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        appendEscaped(text)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        var at = 0
        while let base = text.baseAddress, at < text.count {
            let plainEnd = PlainTextScan.end(base, from: at, to: text.count)
            bytes.append(contentsOf: UnsafeBufferPointer(start: base + at, count: plainEnd - at))
            at = plainEnd
            if at < text.count {
                appendEscape(base[at])
                at += 1
            }
        }
    }

    private mutating func appendEscape(_ character: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch character {
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0a: bytes.append(UInt8(ascii: "n"))
        case 0x0c: bytes.append(UInt8(ascii: "f"))
        case 0x0d: bytes.append(UInt8(ascii: "r"))
        case 0..<0x20:
            appendLiteral("u00")
            bytes.append(character < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            bytes.append(contentsOf: "0123456789abcdef".utf8.dropFirst(Int(character & 15)).prefix(1))
        default: bytes.append(character)
        }
    }
}
