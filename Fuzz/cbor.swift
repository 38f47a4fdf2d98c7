import Multiformats

/// Holds the DAG-CBOR decoder to: no crash, and what decodes encodes to the very same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCBOR(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    guard let value = try? CBOR.decode(bytes) else { return 0 }
    guard value.encoded() == bytes else { fatalError("a second encoding was accepted") }
    guard let again = try? CBOR.decode(bytes), again == value, again.hashValue == value.hashValue else {
        fatalError("decoding twice gave two values")
    }
    return 0
}
