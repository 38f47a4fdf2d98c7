import Glibc

/// Holds header fields in the order received; names are compared without regard to ASCII case.
///
/// The fields lie in one array as `name NUL value NUL NUL`, the form in which the parser leaves them; a name is a token
/// and a value holds no control character but a tab, so the zero bytes are unambiguous.
struct HTTPHeaders: Sendable {
    private let storage: [UInt8]

    /// Takes over fields already laid out and checked.
    init(storage: [UInt8]) {
        self.storage = storage
    }

    /// Lays out the given fields; a field with a control character in it is left out.
    init(_ fields: [(name: String, value: String)] = []) {
        var bytes: [UInt8] = []
        for field in fields {
            guard !field.name.isEmpty, field.name.utf8.allSatisfy(ASCII.isToken),
                field.value.utf8.allSatisfy(ASCII.isFieldValue)
            else { continue }
            bytes += field.name.utf8
            bytes.append(0)
            bytes += field.value.utf8
            bytes += [0, 0]
        }
        storage = bytes
    }

    /// Gives the first value of a field as text, or nil when there is none or it is not UTF-8.
    subscript(name: String) -> String? {
        guard let value = bytes(name) else { return nil }
        return String(validating: value, as: UTF8.self)
    }

    /// Gives the first value of a field, without the white space around it.
    func bytes(_ name: String) -> ArraySlice<UInt8>? {
        var cursor = 0
        while let field = next(&cursor) {
            if ASCII.equalIgnoringCase(storage[field.name], name.utf8) { return storage[field.value] }
        }
        return nil
    }

    /// Gives every value of a field, in order.
    func values(_ name: String) -> [ArraySlice<UInt8>] {
        var found: [ArraySlice<UInt8>] = []
        var cursor = 0
        while let field = next(&cursor) {
            if ASCII.equalIgnoringCase(storage[field.name], name.utf8) { found.append(storage[field.value]) }
        }
        return found
    }

    /// Gives every field in order, names as received, bytes of values that are not UTF-8 replaced.
    var all: [(name: String, value: String)] {
        var fields: [(name: String, value: String)] = []
        var cursor = 0
        while let field = next(&cursor) {
            fields.append(
                (
                    String(decoding: storage[field.name], as: UTF8.self),
                    String(decoding: storage[field.value], as: UTF8.self)
                )
            )
        }
        return fields
    }

    private func next(_ cursor: inout Int) -> (name: Range<Int>, value: Range<Int>)? {
        guard let nameEnd = zero(from: cursor) else { return nil }
        let name = cursor..<nameEnd
        guard let valueEnd = zero(from: nameEnd + 1) else { return nil }
        cursor = valueEnd + 2
        var start = nameEnd + 1
        var end = valueEnd
        while start < end, ASCII.isBlank(storage[start]) { start += 1 }
        while end > start, ASCII.isBlank(storage[end - 1]) { end -= 1 }
        return (name, start..<end)
    }

    private func zero(from start: Int) -> Int? {
        storage.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress, start < bytes.count else { return nil }
            return memchr(base + start, 0, bytes.count - start).map { base.distance(to: $0) }
        }
    }
}
