import CCurl
import Synchronization

/// Sends questions over one kept connection, one at a time.
final class Connection: Sendable {
    /// Owns a libcurl handle.
    // Proof of @unchecked: the handle is reached only inside `mutex`, and freed when nobody holds the connection.
    private final class Handle: @unchecked Sendable {
        let pointer: UnsafeMutableRawPointer

        init?() {
            guard Handle.isLibraryReady, let pointer = curl_easy_init() else { return nil }
            self.pointer = pointer
        }

        deinit { curl_easy_cleanup(pointer) }

        private static let isLibraryReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK
    }

    private let mutex = Mutex<Handle?>(nil)
    private let baseURL: BaseURL
    private let timeouts: Timeouts
    let maxResponseBytes: Int

    init(baseURL: BaseURL, timeouts: Timeouts, maxResponseBytes: Int) {
        self.baseURL = baseURL
        self.timeouts = timeouts
        self.maxResponseBytes = maxResponseBytes
    }

    /// Sends `question` and reads the whole answer, whatever its status.
    ///
    /// With a `reader` the bytes of an answer in 200...299 go there as they arrive, in any amount; it returns false to
    /// end the transfer.
    func ask(
        _ question: HTTPQuestion,
        reader: ((UnsafeRawBufferPointer) -> Bool)? = nil
    ) throws(ClientError) -> HTTPAnswer {
        guard let headers = question.headerLines else {
            throw ClientError(.invalidRequest, "the token holds characters no header can carry")
        }
        let result: Result<HTTPAnswer, ClientError> = mutex.withLock { handle in
            if handle == nil { handle = Handle() }
            guard let handle else {
                return .failure(ClientError(.unreachable, "libcurl cannot start"))
            }
            let receiver = Receiver(
                limit: maxResponseBytes, status: { [pointer = handle.pointer] in capcurl_status(pointer) },
                reader: reader)
            return perform(question, headers, handle.pointer, receiver)
        }
        return try result.get()
    }

    private func perform(
        _ question: HTTPQuestion,
        _ headers: [String],
        _ handle: UnsafeMutableRawPointer,
        _ receiver: Receiver
    ) -> Result<HTTPAnswer, ClientError> {
        curl_easy_reset(handle)
        var list: UnsafeMutablePointer<curl_slist>?
        for line in headers { list = curl_slist_append(list, line) ?? list }
        defer { curl_slist_free_all(list) }
        let context = Unmanaged.passUnretained(receiver).toOpaque()
        return withExtendedLifetime(receiver) {
            question.body.withUnsafeBytes { body in
                var codes = [
                    capcurl_set_text(handle, CURLOPT_URL, baseURL.description + question.path),
                    capcurl_set_text(handle, CURLOPT_PROTOCOLS_STR, "http,https"),
                    capcurl_set_long(handle, CURLOPT_FOLLOWLOCATION, 0),
                    capcurl_set_long(handle, CURLOPT_NOSIGNAL, 1),
                    capcurl_set_long(handle, CURLOPT_CONNECTTIMEOUT_MS, timeouts.connect.wholeMilliseconds),
                    capcurl_set_list(handle, CURLOPT_HTTPHEADER, list),
                    capcurl_set_receiver(handle, receivePiece, context),
                ]
                if receiver.isStreaming {
                    codes.append(capcurl_set_long(handle, CURLOPT_LOW_SPEED_LIMIT, 1))
                    codes.append(capcurl_set_long(handle, CURLOPT_LOW_SPEED_TIME, timeouts.stall.wholeSeconds))
                } else {
                    codes.append(capcurl_set_long(handle, CURLOPT_TIMEOUT_MS, timeouts.total.wholeMilliseconds))
                }
                // A proxy has no business between two programs of one machine.
                if baseURL.isLoopback { codes.append(capcurl_set_text(handle, CURLOPT_PROXY, "")) }
                if question.method == .post {
                    codes.append(capcurl_set_long(handle, CURLOPT_POST, 1))
                    codes.append(capcurl_set_long(handle, CURLOPT_POSTFIELDSIZE, body.count))
                    // Without an address libcurl would read standard input.
                    codes.append(
                        body.isEmpty
                            ? capcurl_set_text(handle, CURLOPT_COPYPOSTFIELDS, "")
                            : capcurl_set_pointer(handle, CURLOPT_POSTFIELDS, body.baseAddress)
                    )
                }
                guard codes.allSatisfy({ $0 == CURLE_OK }) else {
                    return .failure(ClientError(.invalidRequest, "libcurl cannot send this request"))
                }
                let code = curl_easy_perform(handle)
                guard code == CURLE_OK else { return .failure(trouble(code, receiver)) }
                return .success(
                    HTTPAnswer(
                        status: capcurl_status(handle), body: receiver.bytes, retryAfter: Self.retryAfter(handle)))
            }
        }
    }

    /// Reads `Retry-After` where it is a count of seconds.
    private static func retryAfter(_ handle: UnsafeMutableRawPointer) -> Int? {
        var field: UnsafeMutablePointer<curl_header>?
        guard curl_easy_header(handle, "Retry-After", 0, UInt32(CURLH_HEADER), -1, &field) == CURLHE_OK,
            let text = field?.pointee.value, let seconds = Int(String(cString: text)), seconds >= 0
        else { return nil }
        return seconds
    }

    private func trouble(_ code: CURLcode, _ receiver: Receiver) -> ClientError {
        if receiver.isOverLimit {
            return ClientError(.answerTooLarge, "the answer is larger than \(maxResponseBytes) bytes")
        }
        if receiver.isStopped { return ClientError(.stopped, "the answer was not read to its end") }
        switch code {
        case CURLE_OPERATION_TIMEDOUT:
            return ClientError(.timeout, "`\(baseURL)` took too long to answer")
        case CURLE_URL_MALFORMAT, CURLE_UNSUPPORTED_PROTOCOL:
            return ClientError(.invalidRequest, "`\(baseURL)` is not the address of a service")
        default:
            let words = String(cString: curl_easy_strerror(code)).lowercased()
            return ClientError(.unreachable, "`\(baseURL)` cannot be reached: \(words)")
        }
    }
}
