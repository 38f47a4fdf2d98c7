import Multiformats

/// The form of every cursor: a version, then numbers of fixed widths, the highest byte first, as base64url.
enum CursorText {
    static func write(_ version: UInt8, _ numbers: (value: UInt64, bytes: Int)...) -> String {
        var bytes = [version]
        for number in numbers {
            for place in (0..<number.bytes).reversed() {
                bytes.append(UInt8(truncatingIfNeeded: number.value >> UInt64(8 * place)))
            }
        }
        return Base64URL.encode(bytes)
    }

    /// Reads numbers of these widths in bytes; throws `malformedCursor`.
    static func read(_ text: String, _ version: UInt8, _ widths: Int...) throws(GraphError) -> [UInt64] {
        let bytes = Base64URL.decode(text.utf8, padding: .forbidden) ?? []
        guard bytes.count == widths.reduce(1, +), bytes[0] == version else {
            throw GraphError(.malformedCursor, "the cursor is malformed")
        }
        var rest = bytes.dropFirst()
        return widths.map { width in
            defer { rest = rest.dropFirst(width) }
            return rest.prefix(width).reduce(0) { $0 << 8 | UInt64($1) }
        }
    }
}
