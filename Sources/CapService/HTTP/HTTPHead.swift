import CMicroHTTPD
import Glibc

/// Holds a request head that passed every check made before a body is read.
///
/// The library below is lenient: it takes bare line feeds, folded lines (which it appends to the field *name*), zero
/// bytes, blanks around names and spaces in the target. All of these change where things lie in its buffer, so the head
/// is accepted only if every part lies exactly where `name ":" blanks value CR LF` puts it, with nothing between.
///
/// What passes all the same: the library overwrites line ends and colons with zero bytes before anyone can look. So a
/// zero byte may stand for the CR of a line end, and the four bytes after the last value (the version, without fields)
/// may be any of CR, LF, zero byte and colon that the library took for the end of the head. No field, value or body is
/// read differently thereby.
struct HTTPHead {
    let method: HTTPMethod
    let path: String
    let rawQuery: String?
    let headers: HTTPHeaders
    let isHTTP10: Bool
    let contentLength: UInt64?
    let isChunked: Bool
    let expectsContinue: Bool

    var hasBody: Bool { isChunked || (contentLength ?? 0) > 0 }

    /// Reads and checks the head; `line` and `target` were taken when the request line arrived.
    init(
        connection: OpaquePointer,
        method: UnsafePointer<CChar>,
        version: UnsafePointer<CChar>,
        targetStart: UnsafePointer<CChar>,
        target: [UInt8],
        limits: HTTPLimits
    ) throws(HTTPRefusal) {
        let methodSize = strlen(method)
        let headSize = capg_http_head_size(connection)
        guard target.count <= limits.targetBytes else { throw .targetTooLong }
        guard headSize <= limits.headerBytes else { throw .headersTooLarge }
        guard method + methodSize + 1 == targetStart, targetStart + target.count + 1 == version,
            methodSize > 0, methodSize <= 32, headSize >= 4
        else { throw .malformedRequest }
        let methodBytes = UnsafeRawBufferPointer(start: method, count: methodSize)
        guard methodBytes.allSatisfy(ASCII.isToken) else { throw .malformedRequest }
        switch UInt8(bitPattern: version[7]) {
        case UInt8(ascii: "0"): isHTTP10 = true
        case UInt8(ascii: "1"): isHTTP10 = false
        default: throw .unsupportedVersion
        }

        var scan = HTTPFieldScan(next: version + 10, limit: limits.headerCount)
        MHD_get_connection_values_n(connection, .HEADER_KIND, scanField, &scan)
        if let refusal = scan.refusal { throw refusal }
        guard scan.next + 2 == method + headSize, scan.next[0] == 0, scan.next[1] == 0 else {
            throw .malformedRequest
        }
        if scan.transferCodings > 0 && scan.contentLengths > 0 { throw .conflictingLength }
        if scan.contentLengths > 1 { throw .repeatedLength }
        if scan.transferCodings > 0 && (isHTTP10 || !scan.isChunked || scan.transferCodings > 1) {
            throw .unsupportedTransferCoding
        }
        if scan.hosts > 1 { throw .repeatedHost }
        if scan.hosts == 0 && !isHTTP10 { throw .missingHost }
        if scan.expectations > 0 && !scan.expectsContinue { throw .unsupportedExpectation }
        contentLength = scan.contentLengths == 1 ? scan.contentLength : nil
        isChunked = scan.isChunked
        expectsContinue = scan.expectsContinue && !isHTTP10

        let fields = UnsafeRawBufferPointer(start: version + 10, count: scan.next - (version + 10))
        headers = HTTPHeaders(storage: Array(fields))
        self.method = HTTPMethod(String(decoding: methodBytes, as: UTF8.self))
        let form = try HTTPTarget(target, method: self.method, host: scan.host)
        path = form.path
        rawQuery = form.rawQuery
    }
}

// Called by the library once a field, in order.
private func scanField(
    _ context: UnsafeMutableRawPointer?,
    _ kind: MHD_ValueKind,
    _ name: UnsafePointer<CChar>?,
    _ nameSize: Int,
    _ value: UnsafePointer<CChar>?,
    _ valueSize: Int
) -> MHD_Result {
    guard let scan = context?.assumingMemoryBound(to: HTTPFieldScan.self) else { return .NO }
    guard let name, let value else {
        scan.pointee.refusal = .malformedRequest
        return .NO
    }
    scan.pointee.take(
        UnsafeBufferPointer(start: name, count: nameSize),
        UnsafeBufferPointer(start: value, count: valueSize)
    )
    return scan.pointee.refusal == nil ? .YES : .NO
}

/// Gathers one request while it arrives.
struct HTTPDraft {
    enum Stage {
        /// Between requests, or before the end of a head.
        case head
        case body
        /// Refused with bytes of the body still to come.
        case draining
        /// Given to the handler.
        case dispatched
        case answered
    }

    var stage = Stage.head
    /// The raw target, copied before the library decodes it in place, and where it lay.
    var target: [UInt8] = []
    var targetStart: UnsafePointer<CChar>?
    var head: HTTPHead?
    var bodyLimit = 0
    /// The head was asked whether it earns more.
    var hasAskedForMore = false
    /// Why more was not given, where the head was told.
    var refusal: HTTPResponse?
    /// The body is thrown away, and then that is answered.
    var discards = false
    /// Counts the body where it is no short one.
    var allowance: HTTPAllowance?
    /// The address of the client, for which its answer may be held.
    var client = ""
    /// Counts the answer where it is no short one.
    var answer: HTTPAllowance?
    var body: [UInt8] = []
    var drained = 0
    var isHTTP10 = false
    /// The connection ends with the answer.
    var isLast = false

    mutating func reset() {
        stage = .head
        target.removeAll(keepingCapacity: true)
        targetStart = nil
        head = nil
        hasAskedForMore = false
        refusal = nil
        discards = false
        allowance = nil
        answer = nil
        body = []
        drained = 0
    }
}
