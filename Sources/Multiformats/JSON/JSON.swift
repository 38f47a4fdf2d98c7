/// Holds one JSON value; equality and hashing compare strings as UTF-8 bytes and ignore the order of members.
public enum JSON: Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSON])
    case object(JSONObject)

    /// Parses one RFC 8259 text strictly: UTF-8 without byte order mark, no duplicate keys, nothing after the value.
    public static func parse(_ bytes: [UInt8], limits: JSONLimits = .default) throws(MultiformatsError) -> JSON {
        let result: Result<JSON, MultiformatsError> = bytes.withUnsafeBufferPointer { buffer in
            do throws(MultiformatsError) {
                return .success(try parse(buffer, limits: limits))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }

    /// Parses one RFC 8259 text strictly, in place.
    public static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits = .default
    ) throws(MultiformatsError) -> JSON {
        guard bytes.count <= limits.maxBytes else {
            throw MultiformatsError(.tooLarge, "the JSON text is longer than \(limits.maxBytes) bytes")
        }
        guard let base = bytes.baseAddress, !bytes.isEmpty else {
            throw MultiformatsError(.truncated, "the JSON text is empty")
        }
        var parser = JSONParser(base: base, end: bytes.count, limits: limits)
        return try parser.parseText()
    }
}

/// Each property gives the payload of its case and nil for other values.
extension JSON {
    public var string: String? { if case .string(let value) = self { value } else { nil } }
    public var number: JSONNumber? { if case .number(let value) = self { value } else { nil } }
    public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
    public var array: [JSON]? { if case .array(let value) = self { value } else { nil } }
    public var object: JSONObject? { if case .object(let value) = self { value } else { nil } }
    public var isNull: Bool { if case .null = self { true } else { false } }

    /// Finds a member of an object by the bytes of its key; nil for other values.
    public subscript(_ key: String) -> JSON? { object?[key] }
}

// There is no nil literal: in `object[key] = nil` it would be unclear whether null or nothing is meant.
extension JSON: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    public init(stringLiteral value: String) { self = .string(value) }
    public init(integerLiteral value: Int64) { self = .number(JSONNumber(value)) }
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    public init(arrayLiteral elements: JSON...) { self = .array(elements) }

    /// Keeps the last of two members with one key.
    public init(dictionaryLiteral elements: (String, JSON)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}

extension JSON: Hashable {
    public static func == (left: JSON, right: JSON) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): UTF8Bytes.equal(a, b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        case (.null, _), (.bool, _), (.number, _), (.string, _), (.array, _), (.object, _): false
        }
    }

    public func hash(into hasher: inout Hasher) {
        switch self {
        case .null: hasher.combine(0 as UInt8)
        case .bool(let value): hasher.combine(value ? 2 as UInt8 : 1)
        case .number(let value):
            hasher.combine(3 as UInt8)
            hasher.combine(value)
        case .string(let value):
            hasher.combine(4 as UInt8)
            UTF8Bytes.hash(value, into: &hasher)
        case .array(let values):
            hasher.combine(5 as UInt8)
            hasher.combine(values)
        case .object(let object):
            hasher.combine(6 as UInt8)
            hasher.combine(object)
        }
    }
}

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

/// Bounds what a JSON text may ask for, before any of it is built.
public struct JSONLimits: Sendable, Hashable {
    public var maxBytes: Int
    public var maxDepth: Int
    /// Counts all values of the text, nested ones included.
    public var maxMembers: Int

    public static let `default` = JSONLimits()

    public init(maxBytes: Int = 1 << 20, maxDepth: Int = 64, maxMembers: Int = 100_000) {
        self.maxBytes = maxBytes
        self.maxDepth = maxDepth
        self.maxMembers = maxMembers
    }
}
