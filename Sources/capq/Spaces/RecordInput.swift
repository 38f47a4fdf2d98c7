import ATProto
import Multiformats

/// Reads the value of a record: JSON on the command line, in a file or on standard input.
enum RecordInput {
    static let value = Positional("VALUE", "JSON object, a file of it, or `-` for standard input", kind: .file)
    /// Longest JSON text read; the service takes no more either.
    static let limit = 1_000_000

    static func read(_ typed: String, collection: String, _ surroundings: Surroundings) throws(Failure) -> JSON {
        let isInline = typed.utf8.first { $0 > 0x20 } == UInt8(ascii: "{")
        let bytes = isInline ? Array(typed.utf8) : try FileInput.read(typed, surroundings, limit: limit)
        let json: JSON
        do {
            json = try JSON.parse(bytes)
        } catch {
            throw .usage("the value is not JSON: \(error.message)")
        }
        // What the service would refuse is refused before it is sent.
        let record = try Failure.ofProtocol(.usage) { () throws(ATProtoError) in
            try PreparedRecord(json: json, collection: collection)
        }
        return RecordData.json(record.value)
    }
}
