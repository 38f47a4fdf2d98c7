extension JSON {
    /// Gives compact text with members in their own order and numbers as written.
    public func serialized() -> [UInt8] {
        var writer = JSONWriter()
        writer.value(self)
        return writer.bytes
    }

    /// Gives compact text with keys sorted by UTF-8 bytes and numbers in one form (RFC 8785 but for large integers).
    public func canonical() -> [UInt8] {
        var writer = JSONWriter()
        writeCanonical(to: &writer)
        return writer.bytes
    }

    private func writeCanonical(to writer: inout JSONWriter) {
        switch self {
        case .null, .bool, .string: writer.value(self)
        case .number(let number): writer.raw(number.canonicalText.utf8)
        case .array(let values):
            writer.beginArray()
            for value in values { value.writeCanonical(to: &writer) }
            writer.endArray()
        case .object(let object):
            writer.beginObject()
            for member in object.sortedMembers {
                writer.key(member.key)
                member.value.writeCanonical(to: &writer)
            }
            writer.endObject()
        }
    }
}
