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
