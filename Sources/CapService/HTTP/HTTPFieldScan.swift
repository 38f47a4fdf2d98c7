/// Walks the header fields once, checking their place and form and noting those that decide how a body is framed.
struct HTTPFieldScan {
    /// Where the next field name, or the empty line, must lie.
    private(set) var next: UnsafePointer<CChar>
    var refusal: HTTPRefusal?
    private(set) var hosts = 0
    /// The host in the library's buffer, without blanks around it.
    private(set) var host = UnsafeRawBufferPointer(start: nil, count: 0)
    private(set) var contentLengths = 0
    private(set) var contentLength: UInt64 = 0
    private(set) var transferCodings = 0
    private(set) var isChunked = false
    private(set) var expectations = 0
    private(set) var expectsContinue = false
    private var count = 0
    private let limit: Int

    init(next: UnsafePointer<CChar>, limit: Int) {
        self.next = next
        self.limit = limit
    }

    mutating func take(_ name: UnsafeBufferPointer<CChar>, _ value: UnsafeBufferPointer<CChar>) {
        count += 1
        guard count <= limit else {
            refusal = .headersTooLarge
            return
        }
        guard let nameStart = name.baseAddress, let valueStart = value.baseAddress, nameStart == next,
            valueStart > nameStart + name.count, !name.isEmpty
        else {
            refusal = .malformedRequest
            return
        }
        // Two bytes of line end, zeroed by the library; there is at least that much before the end of the head.
        next = valueStart + value.count + 2
        guard next[-2] == 0, next[-1] == 0 else {
            refusal = .malformedRequest
            return
        }
        let nameBytes = UnsafeRawBufferPointer(name)
        let valueBytes = UnsafeRawBufferPointer(value)
        guard nameBytes.allSatisfy(ASCII.isToken), valueBytes.allSatisfy(ASCII.isFieldValue) else {
            refusal = .malformedRequest
            return
        }
        switch name.count {
        case 4 where ASCII.isName(nameBytes, "host"): takeHost(valueBytes)
        case 6 where ASCII.isName(nameBytes, "expect"):
            expectations += 1
            expectsContinue = ASCII.isName(valueBytes, "100-continue")
        case 14 where ASCII.isName(nameBytes, "content-length"): takeLength(valueBytes)
        case 17 where ASCII.isName(nameBytes, "transfer-encoding"):
            transferCodings += 1
            isChunked = ASCII.isName(valueBytes, "chunked")
        default: break
        }
    }

    private mutating func takeHost(_ value: UnsafeRawBufferPointer) {
        hosts += 1
        guard hosts == 1 else { return }
        var end = value.count
        while end > 0, ASCII.isBlank(value[end - 1]) { end -= 1 }
        host = UnsafeRawBufferPointer(rebasing: value[..<end])
        if host.isEmpty || !host.allSatisfy(ASCII.isHost) { refusal = .missingHost }
    }

    private mutating func takeLength(_ value: UnsafeRawBufferPointer) {
        contentLengths += 1
        // The library already refused a value with anything but digits; a second value is refused by its count.
        for byte in value {
            let (shifted, tooLong) = contentLength.multipliedReportingOverflow(by: 10)
            let (sum, tooMuch) = shifted.addingReportingOverflow(UInt64(byte &- UInt8(ascii: "0")))
            guard !tooLong, !tooMuch, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else {
                if contentLengths == 1 { refusal = .malformedRequest }
                return
            }
            contentLength = sum
        }
    }
}
