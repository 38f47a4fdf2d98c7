import Multiformats

/// Holds the bases and the CID to: no crash, and what decodes encodes to the very same text or bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCID(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    if let bytes = Base16.decode(input) { require(Base16.encode(bytes), input) }
    if let bytes = Base32Lower.decode(input) { require(Base32Lower.encode(bytes), input) }
    if let bytes = Base58BTC.decode(input) { require(Base58BTC.encode(bytes), input) }
    if let bytes = Base64URL.decode(input) { require(Base64URL.encode(bytes), input) }
    if let bytes = Base64URL.decode(input, padding: .required) { require(Base64URL.encode(bytes, padded: true), input) }
    if let varint = Varint.decode(input), Varint.encode(varint.value) != Array(input.prefix(varint.byteCount)) {
        fatalError("a second encoding of an integer was accepted")
    }
    if let cid = try? CID(bytes: input), cid.bytes != input { fatalError("a second binary form was accepted") }
    if let cid = try? CID(text: input) {
        let texts = [cid.text, cid.base58, "f" + Base16.encode(cid.bytes), "u" + Base64URL.encode(cid.bytes)]
        guard texts.contains(where: { Array($0.utf8) == input }) else { fatalError("a second text was accepted") }
    }
    return 0
}

private func require(_ text: String, _ input: [UInt8]) {
    guard Array(text.utf8) == input else { fatalError("a second spelling was accepted") }
}
