import CCurl
import Glibc

/// Owns one libcurl handle with its kept connections.
///
/// Proof of `@unchecked`: whoever took the handle from the client's list is the only one to use it until it goes back.
final class CurlHandle: @unchecked Sendable {
    private let pointer: UnsafeMutableRawPointer

    init?() {
        guard Self.isLibraryReady, let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
    }

    deinit { curl_easy_cleanup(pointer) }

    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    func perform(
        _ request: OutboundRequest, _ policy: OutboundPolicy, _ userAgent: String
    ) throws(OutboundError) -> OutboundResponse {
        // A kept connection was judged when it was opened, and the policy of a client never changes.
        curl_easy_reset(pointer)
        let lines = try Self.lines(request)
        var list: UnsafeMutablePointer<curl_slist>?
        for line in lines { list = curl_slist_append(list, line) ?? list }
        defer { curl_slist_free_all(list) }
        let transfer = CurlTransfer(request, policy)
        let code = withExtendedLifetime(transfer) {
            request.body.withUnsafeBytes { body in
                let isSet = set(request, userAgent, list, Unmanaged.passUnretained(transfer).toOpaque(), body)
                return isSet ? curl_easy_perform(pointer) : CURLE_FAILED_INIT
            }
        }
        guard code == CURLE_OK else { throw trouble(code, transfer, request.url) }
        let type = capcurl_content_type(pointer).map { String(cString: $0) }
        return OutboundResponse(status: capcurl_status(pointer), contentType: type, body: transfer.body)
    }

    /// The header lines; one that could smuggle another is refused.
    private static func lines(_ request: OutboundRequest) throws(OutboundError) -> [String] {
        // An empty Expect stops libcurl from waiting for `100 Continue`.
        var lines = ["Expect:"]
        for (name, value) in request.headers {
            guard (name + value).utf8.allSatisfy({ (0x20...0x7e).contains($0) }), !name.isEmpty, !value.isEmpty else {
                throw OutboundError(.malformedURL, "the header `\(name)` cannot be sent")
            }
            lines.append("\(name): \(value)")
        }
        return lines
    }

    private func set(
        _ request: OutboundRequest, _ userAgent: String, _ list: UnsafeMutablePointer<curl_slist>?,
        _ context: UnsafeMutableRawPointer, _ body: UnsafeRawBufferPointer
    ) -> Bool {
        var codes = [
            capcurl_set_text(pointer, CURLOPT_URL, request.url.description),
            capcurl_set_text(pointer, CURLOPT_PROTOCOLS_STR, request.url.scheme.rawValue),
            capcurl_set_text(pointer, CURLOPT_USERAGENT, userAgent),
            capcurl_set_long(pointer, CURLOPT_FOLLOWLOCATION, 0),
            capcurl_set_long(pointer, CURLOPT_NOSIGNAL, 1),
            capcurl_set_long(pointer, CURLOPT_DISALLOW_USERNAME_IN_URL, 1),
            capcurl_set_long(pointer, CURLOPT_PATH_AS_IS, 1),
            capcurl_set_long(pointer, CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.wholeMilliseconds),
            capcurl_set_long(pointer, CURLOPT_TIMEOUT_MS, request.totalTimeout.wholeMilliseconds),
            // Proxies would connect where the guard does not see it.
            capcurl_set_text(pointer, CURLOPT_PROXY, ""),
            capcurl_set_list(pointer, CURLOPT_HTTPHEADER, list),
            capcurl_set_receiver(pointer, receiveBody, context),
            capcurl_set_header_receiver(pointer, receiveHeader, context),
            capcurl_set_opener(pointer, openSocket, context),
        ]
        if request.method == .post {
            codes.append(capcurl_set_long(pointer, CURLOPT_POST, 1))
            codes.append(capcurl_set_long(pointer, CURLOPT_POSTFIELDSIZE, body.count))
            // Without an address libcurl would read standard input.
            codes.append(
                body.isEmpty
                    ? capcurl_set_text(pointer, CURLOPT_COPYPOSTFIELDS, "")
                    : capcurl_set_pointer(pointer, CURLOPT_POSTFIELDS, body.baseAddress))
        }
        return codes.allSatisfy { $0 == CURLE_OK }
    }

    private func trouble(_ code: CURLcode, _ transfer: CurlTransfer, _ url: PeerURL) -> OutboundError {
        if transfer.isTooLarge { return OutboundError(.tooLarge, "the answer of `\(url.origin)` is too large") }
        if transfer.isRefused {
            return OutboundError(.refusedAddress, "`\(url.origin)` has no address that may be asked")
        }
        switch code {
        case CURLE_OPERATION_TIMEDOUT: return OutboundError(.timeout, "`\(url.origin)` took too long to answer")
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL, CURLE_FAILED_INIT:
            return OutboundError(.malformedURL, "`\(url.origin)` cannot be asked this")
        default:
            let words = String(cString: curl_easy_strerror(code)).lowercased()
            return OutboundError(.unreachable, "`\(url.origin)` cannot be reached: \(words)")
        }
    }
}

/// Gathers one answer within its bounds, and judges every address before it is connected to.
private final class CurlTransfer {
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    private(set) var isRefused = false
    private var headerBytes = 0
    private let request: OutboundRequest
    private let policy: OutboundPolicy

    init(_ request: OutboundRequest, _ policy: OutboundPolicy) {
        self.request = request
        self.policy = policy
    }

    func take(_ piece: UnsafeRawBufferPointer) -> Bool {
        guard piece.count <= request.maxBytes - body.count else {
            isTooLarge = true
            return false
        }
        body.append(contentsOf: piece)
        return true
    }

    func takeHeader(_ count: Int) -> Bool {
        headerBytes += count
        if headerBytes > 64 * 1024 { isTooLarge = true }
        return !isTooLarge
    }

    func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0
        let bytes = UnsafeRawBufferPointer(
            start: UnsafeRawPointer(address) + offset, count: Int(address.pointee.addrlen))
        guard policy.permits(NetworkAddress(bytes), request.url.scheme) else {
            isRefused = true
            return capcurl_no_socket
        }
        return capcurl_open(address)
    }
}

// What libcurl calls, on the thread that performs. Plain functions: a closure could carry the isolation of its maker.

private func transfer(_ context: UnsafeMutableRawPointer?) -> CurlTransfer? {
    context.map { Unmanaged<CurlTransfer>.fromOpaque($0).takeUnretainedValue() }
}

private func receiveBody(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let transfer = transfer(context) else { return 0 }
    return transfer.take(UnsafeRawBufferPointer(start: bytes, count: size * count)) ? size * count : 0
}

private func receiveHeader(
    _ bytes: UnsafeMutablePointer<CChar>?, _ size: Int, _ count: Int, _ context: UnsafeMutableRawPointer?
) -> Int {
    transfer(context)?.takeHeader(size * count) == true ? size * count : 0
}

private func openSocket(
    _ context: UnsafeMutableRawPointer?, _ purpose: curlsocktype, _ address: UnsafeMutablePointer<curl_sockaddr>?
) -> curl_socket_t {
    guard purpose == CURLSOCKTYPE_IPCXN, let address, let transfer = transfer(context) else {
        return capcurl_no_socket
    }
    return transfer.open(address)
}

extension Duration {
    /// Whole milliseconds, at least 1: libcurl takes 0 as forever.
    fileprivate var wholeMilliseconds: Int {
        let (seconds, attoseconds) = components
        return Int(min(max(seconds, 0), 86_400)) * 1000 + max(1, Int(attoseconds / 1_000_000_000_000_000))
    }
}
