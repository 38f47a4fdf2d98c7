import ATProto
import Multiformats

/// Holds the data model to: no crash, and a record in one form comes back from the other.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecord(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    if let json = try? JSON.parse(bytes) {
        if let value = try? RecordData.decode(json) {
            guard let again = try? RecordData.decode(RecordData.json(value)), again == value else {
                fatalError("a record is another after its way through JSON")
            }
        }
        if let commit = try? SignedCommit(json: json) {
            guard (try? SignedCommit(json: commit.json)) == commit else { fatalError("a commit is another in JSON") }
        }
    }
    if let record = try? PreparedRecord(bytes: bytes, collection: "com.example.post") {
        if record.bytes != bytes { fatalError("the bytes of a record are not kept") }
    }
    if let commit = try? SignedCommit(encoded: bytes) {
        guard commit.encoded == bytes else { fatalError("a commit has two encodings") }
    }
    return 0
}
