import CCurl

/// Owns one libcurl handle with its kept connections.
///
/// Proof of `@unchecked`: whoever holds the handle is the only one to use it, which each owner sees to.
package final class CurlHandle: @unchecked Sendable {
    private let pointer: UnsafeMutableRawPointer

    /// Nil when libcurl cannot start.
    package init?() {
        guard Self.isLibraryReady, let pointer = curl_easy_init() else { return nil }
        self.pointer = pointer
    }

    deinit { curl_easy_cleanup(pointer) }

    private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    /// Sends a request and waits for the whole answer, whose body goes to the receiver.
    package func perform(_ request: CurlRequest, _ receiver: any CurlReceiver) throws(CurlTrouble) -> CurlAnswer {
        // A kept connection was judged when it was opened, by a receiver of the same owner.
        curl_easy_reset(pointer)
        var list: UnsafeMutablePointer<curl_slist>?
        for line in try request.lines() { list = curl_slist_append(list, line) ?? list }
        defer { curl_slist_free_all(list) }
        let transfer = CurlTransfer(receiver, pointer)
        let code = withExtendedLifetime(transfer) {
            request.body.withUnsafeBytes { body in
                let isSet = set(request, list, Unmanaged.passUnretained(transfer).toOpaque(), body)
                return isSet ? curl_easy_perform(pointer) : CURLE_FAILED_INIT
            }
        }
        switch code {
        case CURLE_OK: break
        case CURLE_OPERATION_TIMEDOUT: throw .timeout
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL: throw .malformed
        case CURLE_FAILED_INIT: throw .unsendable
        case CURLE_COULDNT_RESOLVE_HOST: throw .unresolved(Self.words(code))
        default: throw CurlFailure(code, pointer, transfer.opened).trouble(Self.words(code))
        }
        return CurlAnswer(
            status: capcurl_status(pointer), contentType: capcurl_content_type(pointer).map { String(cString: $0) },
            retryAfter: retryAfter)
    }

    private static func words(_ code: CURLcode) -> String { String(cString: curl_easy_strerror(code)).lowercased() }

    private func set(
        _ request: CurlRequest, _ list: UnsafeMutablePointer<curl_slist>?, _ context: UnsafeMutableRawPointer,
        _ body: UnsafeRawBufferPointer
    ) -> Bool {
        var codes = [
            capcurl_set_text(pointer, CURLOPT_URL, request.url),
            capcurl_set_text(pointer, CURLOPT_PROTOCOLS_STR, request.schemes),
            capcurl_set_long(pointer, CURLOPT_FOLLOWLOCATION, 0),
            capcurl_set_long(pointer, CURLOPT_NOSIGNAL, 1),
            capcurl_set_long(pointer, CURLOPT_DISALLOW_USERNAME_IN_URL, 1),
            capcurl_set_long(pointer, CURLOPT_PATH_AS_IS, 1),
            capcurl_set_long(pointer, CURLOPT_CONNECTTIMEOUT_MS, request.connectTimeout.wholeMilliseconds),
            capcurl_set_list(pointer, CURLOPT_HTTPHEADER, list),
            capcurl_set_receiver(pointer, receiveBody, context),
            capcurl_set_header_receiver(pointer, receiveHeader, context),
            capcurl_set_opener(pointer, openSocket, context),
        ]
        switch request.end {
        case .total(let time): codes.append(capcurl_set_long(pointer, CURLOPT_TIMEOUT_MS, time.wholeMilliseconds))
        case .stall(let time):
            codes.append(capcurl_set_long(pointer, CURLOPT_LOW_SPEED_LIMIT, 1))
            codes.append(capcurl_set_long(pointer, CURLOPT_LOW_SPEED_TIME, max(1, time.wholeMilliseconds / 1000)))
        }
        if let userAgent = request.userAgent { codes.append(capcurl_set_text(pointer, CURLOPT_USERAGENT, userAgent)) }
        if !request.mayUseProxy { codes.append(capcurl_set_text(pointer, CURLOPT_PROXY, "")) }
        if request.isPost {
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

    private var retryAfter: Int? {
        var field: UnsafeMutablePointer<curl_header>?
        guard curl_easy_header(pointer, "Retry-After", 0, UInt32(CURLH_HEADER), -1, &field) == CURLHE_OK,
            let text = field?.pointee.value, let seconds = Int(String(cString: text)), seconds >= 0
        else { return nil }
        return seconds
    }
}

/// Carries a receiver through libcurl.
private final class CurlTransfer {
    private let receiver: any CurlReceiver
    private let handle: UnsafeMutableRawPointer
    /// Of every address that was permitted, whether this machine gave a socket for it.
    private(set) var opened: [Bool] = []
    private var isOpenHere = false

    init(_ receiver: any CurlReceiver, _ handle: UnsafeMutableRawPointer) {
        self.receiver = receiver
        self.handle = handle
    }

    func take(_ piece: UnsafeRawBufferPointer) -> Bool { receiver.take(piece, status: capcurl_status(handle)) }

    func takeHeader(_ count: Int) -> Bool { receiver.takeHeader(count) }

    func open(_ address: UnsafeMutablePointer<curl_sockaddr>) -> curl_socket_t {
        let offset = MemoryLayout<curl_sockaddr>.offset(of: \.addr) ?? 0
        let bytes = UnsafeRawBufferPointer(
            start: UnsafeRawPointer(address) + offset, count: Int(address.pointee.addrlen))
        guard receiver.permits(bytes) else { return capcurl_no_socket }
        let socket = capcurl_open(address)
        let isOpen = socket != capcurl_no_socket
        // The addresses by which a machine calls itself are one place: what each of them refuses, the same kernel refuses.
        if isOpen, Self.isLoopback(bytes) {
            guard !isOpenHere else { return socket }
            isOpenHere = true
        }
        opened.append(isOpen)
        return socket
    }

    private static func isLoopback(_ address: UnsafeRawBufferPointer) -> Bool {
        guard address.count >= 8 else { return false }
        switch Int32(address.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET: return address[4] == 127
        case AF_INET6: return address.count >= 24 && address[8..<23].allSatisfy { $0 == 0 } && address[23] == 1
        default: return false
        }
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
