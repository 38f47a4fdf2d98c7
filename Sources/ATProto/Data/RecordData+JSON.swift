public import Multiformats

extension RecordData {
    /// Gives the JSON form; members stand in the order of DAG-CBOR keys, bytes as unpadded base64.
    ///
    /// A value that did not pass `check` keeps its meaning as far as JSON has one: links of other kinds keep their
    /// multibase text, floats become the nearest number or null.
    public static func json(_ value: CBOR) -> JSON {
        switch value {
        case .null: .null
        case .bool(let value): .bool(value)
        case .text(let text): .string(text)
        case .unsigned(let value): .number(JSONNumber(value))
        case .negative(let value):
            value < 1 << 63 ? .number(JSONNumber(Int64(bitPattern: ~value))) : .null
        case .bytes(let bytes): ["$bytes": .string(Base64.encode(bytes))]
        case .link(let bytes): ["$link": .string(linkText(bytes))]
        case .array(let values): .array(values.map(json))
        case .map(let map): .object(JSONObject(map.entries.map { ($0.key, json($0.value)) }) ?? JSONObject())
        case .double(let value): JSONNumber(text: value.description).map { .number($0) } ?? .null
        }
    }

    /// Writes what `json` gives, without building it.
    public static func write(_ value: CBOR, into writer: inout JSONWriter) {
        switch value {
        case .text(let text): writer.string(text)
        case .unsigned(let value): writer.int(value)
        case .bool(let value): writer.bool(value)
        case .null: writer.null()
        case .array(let values):
            writer.beginArray()
            for item in values { write(item, into: &writer) }
            writer.endArray()
        case .map(let map):
            writer.beginObject()
            for entry in map.entries {
                writer.key(entry.key)
                write(entry.value, into: &writer)
            }
            writer.endObject()
        case .bytes(let bytes):
            writer.beginObject()
            writer.key(plain: "$bytes")
            writer.string(Base64.encode(bytes))
            writer.endObject()
        case .link(let bytes):
            writer.beginObject()
            writer.key(plain: "$link")
            writer.string(linkText(bytes))
            writer.endObject()
        case .negative, .double: writer.value(json(value))
        }
    }

    private static func linkText(_ bytes: [UInt8]) -> String {
        (try? CID(bytes: bytes).text) ?? "b" + Base32Lower.encode(bytes)
    }
}
