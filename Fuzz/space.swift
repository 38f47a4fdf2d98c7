import ATProto
import Multiformats

/// Holds the syntax of spaces to: no crash, and what parses prints the same bytes.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSpace(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let text = String(decoding: bytes, as: UTF8.self)
    func check(_ printed: String?, _ what: String) {
        if let printed, !printed.utf8.elementsEqual(text.utf8) { fatalError("\(what) prints other bytes") }
    }
    check((try? SpaceURI(text))?.text, "a space")
    check((try? RecordURI(text))?.text, "a record's URI")
    check((try? TID(text))?.text, "a TID")
    check((try? NSID(text))?.text, "an NSID")
    check((try? RecordKey(text))?.text, "a record key")
    check((try? ServiceIdentifier(text))?.text, "a service")
    if let space = try? SpaceURI(accepting: text) {
        guard (try? SpaceURI(space.text)) == space else { fatalError("a taken space prints as another") }
    }
    if let scope = SpaceScope(text) {
        guard let again = SpaceScope(scope.text), again.text == scope.text else {
            fatalError("a scope prints as another")
        }
    }
    if let document = try? DIDDocument(parsing: Array(bytes), of: "did:web:example.com") {
        _ = (try? document.spaceKey(), try? document.spaceHost(), try? document.endpoint("#a"))
    }
    _ = (try? Handle(text), try? ATURI(text), try? JWKSet(parsing: Array(bytes)))
    return 0
}
