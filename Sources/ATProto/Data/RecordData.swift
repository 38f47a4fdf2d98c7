public import Multiformats
import UCAN

/// Translates between the JSON and the DAG-CBOR form of the AT Protocol data model, refusing what has no both.
///
/// JSON spells links `{"$link": cid}` and bytes `{"$bytes": base64}`; integers have 64 bits, floats do not exist.
public enum RecordData {
    public static let maxDepth = 64

    /// Gives the data-model value of a JSON value.
    ///
    /// - Throws: `InvalidRequest` for floats, integers beyond 64 bits, malformed or ambiguous `$link`, `$bytes`,
    ///   `$type` and blob maps, and nesting deeper than `maxDepth`.
    public static func decode(_ json: JSON) throws(ATProtoError) -> CBOR { try decode(json, depth: 0) }

    private static func decode(_ json: JSON, depth: Int) throws(ATProtoError) -> CBOR {
        guard depth <= maxDepth else { throw refusal("the value is nested deeper than \(maxDepth) levels") }
        switch json {
        case .null: return .null
        case .bool(let value): return .bool(value)
        case .string(let text): return .text(text)
        case .number(let number):
            // An integer may be written `123.0`: it is one value, and JavaScript writes no other.
            guard let value = number.int64 else { throw refusal("the number `\(number)` is not a 64-bit integer") }
            return .int(value)
        case .array(let values):
            var items: [CBOR] = []
            items.reserveCapacity(values.count)
            for value in values { items.append(try decode(value, depth: depth + 1)) }
            return .array(items)
        case .object(let object):
            if let link = object["$link"] { return try self.link(link, of: object) }
            if let bytes = object["$bytes"] { return try self.bytes(bytes, of: object) }
            var entries: [CBORMap.Entry] = []
            entries.reserveCapacity(object.count)
            for member in object.members {
                entries.append((member.key, try decode(member.value, depth: depth + 1)))
            }
            guard let map = CBORMap(entries) else { throw refusal("an object has a key twice") }
            try check(map)
            return .map(map)
        }
    }

    private static func link(_ value: JSON, of object: JSONObject) throws(ATProtoError) -> CBOR {
        guard object.count == 1, let text = value.string, let cid = try? CID(atproto: text) else {
            throw refusal("a `$link` is not an object with one CID of version 1 in base32")
        }
        return .link(cid)
    }

    private static func bytes(_ value: JSON, of object: JSONObject) throws(ATProtoError) -> CBOR {
        guard object.count == 1, let text = value.string, let bytes = Base64.decode(text.utf8) else {
            throw refusal("a `$bytes` is not an object with one base64 text")
        }
        return .bytes(bytes)
    }

    /// Refuses what JSON cannot spell or another host would not accept, in a value decoded from DAG-CBOR.
    ///
    /// - Throws: `InvalidRequest`.
    public static func check(_ value: CBOR) throws(ATProtoError) { try check(value, depth: 0) }

    private static func check(_ value: CBOR, depth: Int) throws(ATProtoError) {
        guard depth <= maxDepth else { throw refusal("the value is nested deeper than \(maxDepth) levels") }
        switch value {
        case .null, .bool, .text, .bytes: break
        case .unsigned, .negative:
            guard value.int64 != nil else { throw refusal("an integer does not fit 64 bits") }
        case .double: throw refusal("the value holds a float")
        case .link(let bytes):
            guard let cid = try? CID(bytes: bytes), cid.isATProto else {
                throw refusal("a link has another kind of CID")
            }
        case .array(let values):
            for item in values { try check(item, depth: depth + 1) }
        case .map(let map):
            guard map["$link"] == nil, map["$bytes"] == nil else {
                throw refusal("a map uses the reserved key `$link` or `$bytes`")
            }
            for entry in map.entries { try check(entry.value, depth: depth + 1) }
            try check(map)
        }
    }

    /// Checks `$type` where a map has one, and the members of a blob.
    private static func check(_ map: CBORMap) throws(ATProtoError) {
        guard let type = map["$type"] else { return }
        guard let name = type.text, !name.isEmpty else { throw refusal("a `$type` is not a text with characters") }
        if UTF8Bytes.equal(name, "blob") { _ = try BlobRef(map) }
    }

    /// Gives the blobs that a checked value refers to, each once, in the order of their CIDs.
    public static func blobs(in value: CBOR) -> [BlobRef] {
        var found: [CID: BlobRef] = [:]
        collect(value, into: &found)
        return found.values.sorted { $0.cid.hash.digest < $1.cid.hash.digest }
    }

    private static func collect(_ value: CBOR, into found: inout [CID: BlobRef]) {
        switch value {
        case .array(let values):
            for item in values { collect(item, into: &found) }
        case .map(let map):
            if let type = map["$type"]?.text, UTF8Bytes.equal(type, "blob"), let blob = try? BlobRef(map) {
                found[blob.cid] = blob
            }
            for entry in map.entries { collect(entry.value, into: &found) }
        case .unsigned, .negative, .bytes, .text, .link, .bool, .null, .double: break
        }
    }

    static func refusal(_ message: String) -> ATProtoError { ATProtoError("InvalidRequest", message) }
}

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

extension CID {
    /// Characters of a record's or blob's CID: `b` and 58 of base32.
    public static let atprotoTextByteCount = 59

    /// Names a DAG-CBOR value by its encoding: codec 0x71, sha2-256, `bafyrei…` (atproto-spaces.md 7).
    public static func ofDagCBOR(_ bytes: [UInt8]) -> CID {
        CID(codec: dagCBORCodec, hash: Multihash(code: .sha2_256, digest: SHA256.hash(bytes)))
    }

    /// Names a blob by its bytes: codec 0x55, sha2-256, `bafkrei…`.
    public static func ofBlob(_ bytes: [UInt8]) -> CID {
        CID(codec: rawCodec, hash: Multihash(code: .sha2_256, digest: SHA256.hash(bytes)))
    }

    /// Reads the one text form the AT Protocol allows: version 1, base32, DAG-CBOR or raw codec, sha2-256.
    ///
    /// - Throws: `InvalidRequest`.
    public init(atproto text: String) throws(ATProtoError) {
        guard text.utf8.count == Self.atprotoTextByteCount, text.utf8.first == UInt8(ascii: "b"),
            let cid = try? CID(text: text.utf8), cid.isATProto
        else { throw ATProtoError("InvalidRequest", "the text is not a CIDv1 of DAG-CBOR or raw bytes in base32") }
        self = cid
    }

    /// Whether records may link to it: DAG-CBOR or raw codec, sha2-256.
    public var isATProto: Bool {
        (codec == Self.dagCBORCodec || codec == Self.rawCodec) && hash.code == .sha2_256
    }
}
