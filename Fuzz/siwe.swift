import UCAN

/// Holds the message parser to: no crash, and what parses prints the same bytes and survives the CACAO form.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSIWE(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = UnsafeBufferPointer(start: start, count: count)
    let text = String(decoding: bytes, as: UTF8.self)
    if let recap = try? ReCap(resource: text) {
        guard let again = try? ReCap(resource: recap.resource), again == recap else {
            fatalError("the printed ReCap is another one")
        }
    }
    guard let message = try? SIWE.parse(text) else { return 0 }
    if !message.text.utf8.elementsEqual(bytes) { fatalError("a message prints other bytes than it was parsed from") }
    if let recap = try? ReCap.read(resources: message.resources ?? []) {
        if recap.isStated(by: message.statement + "x") { fatalError("a statement with words after it passes") }
    }
    let signature = [UInt8](repeating: 1, count: 64) + [27]
    guard let token = try? TokenMaker.siweIn(message: message, signature: signature) else { return 0 }
    if token.statementID != SHA256.hash(Array(bytes)) { fatalError("the CACAO stands for another text") }
    return 0
}

private func + (left: String?, right: String) -> String? { left.map { $0 + right } }
