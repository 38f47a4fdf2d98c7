// with: Sources/CapService/HTTP/MultipartForm.swift Sources/CapService/HTTP/ASCII.swift

/// Holds the decoder of forms to: no crash, no more parts than were asked for, no boundary inside a part, and what decodes
/// decodes to the same parts when it is written anew.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzMultipart(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    check(input, "multipart/form-data; boundary=-x")
    // The boundary is the client's own choice as well: here what stands before the first line feed.
    if let end = input.firstIndex(of: 10) {
        let type = "multipart/form-data; boundary=" + String(decoding: input[..<end], as: UTF8.self)
        if MultipartForm.isNamed(by: type) { check(Array(input[(end + 1)...]), type) }
    }
    _ = MultipartForm.isNamed(by: String(decoding: input, as: UTF8.self))
    return 0
}

private let most = 4

private func check(_ body: [UInt8], _ type: String) {
    guard let form = try? MultipartForm(body, contentType: type, maxParts: most) else { return }
    if form.parts.count > most { fatalError("more parts than were asked for") }
    var end = 0
    for part in form.parts {
        guard part.bytes.startIndex >= end else { fatalError("parts overlap") }
        end = part.bytes.endIndex
    }
    let mark = Array("-x".utf8)
    guard type.hasSuffix("=-x") else { return }
    var written: [UInt8] = []
    for part in form.parts {
        written += Array("--".utf8) + mark + [13, 10]
        for header in part.headers { written += Array("\(header.name): \(header.value)\r\n".utf8) }
        written += [13, 10] + part.bytes + [13, 10]
    }
    written += Array("--".utf8) + mark + Array("--".utf8)
    guard let again = try? MultipartForm(written, contentType: type, maxParts: most),
        again.parts.count == form.parts.count
    else { fatalError("what is written anew is another form") }
    for (one, other) in zip(form.parts, again.parts) {
        guard one.name == other.name, one.bytes.elementsEqual(other.bytes), one.headers.count == other.headers.count,
            zip(one.headers, other.headers).allSatisfy({ $0.name == $1.name && $0.value == $1.value })
        else { fatalError("what is written anew has other parts") }
    }
}
