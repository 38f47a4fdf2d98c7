import Curl
import Synchronization

/// Sends questions over one kept connection, one at a time.
final class Connection: Sendable {
    private let handle = Mutex<CurlHandle?>(nil)
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
        let request = CurlRequest(
            url: baseURL.description + question.path, schemes: "http,https", isPost: question.method == .post,
            headers: question.fields, body: question.body, connectTimeout: timeouts.connect,
            end: reader == nil ? .total(timeouts.total) : .stall(timeouts.stall),
            // A proxy has no business between two programs of one machine.
            mayUseProxy: !baseURL.isLoopback)
        let receiver = Receiver(limit: maxResponseBytes, reader: reader)
        let result: Result<CurlAnswer, ClientError> = handle.withLock { handle in
            if handle == nil { handle = CurlHandle() }
            guard let handle else { return .failure(ClientError(.unreachable, "libcurl cannot start")) }
            do throws(CurlTrouble) {
                return .success(try handle.perform(request, receiver))
            } catch {
                return .failure(self.error(error, receiver))
            }
        }
        let answer = try result.get()
        return HTTPAnswer(status: answer.status, body: receiver.bytes, retryAfter: answer.retryAfter)
    }

    private func error(_ trouble: CurlTrouble, _ receiver: Receiver) -> ClientError {
        if receiver.isOverLimit {
            return ClientError(.answerTooLarge, "the answer is larger than \(maxResponseBytes) bytes")
        }
        if receiver.isStopped { return ClientError(.stopped, "the answer was not read to its end") }
        switch trouble {
        case .header: return ClientError(.invalidRequest, "the token holds characters no header can carry")
        case .timeout: return ClientError(.timeout, "`\(baseURL)` took too long to answer")
        case .malformed: return ClientError(.invalidRequest, "`\(baseURL)` is not the address of a service")
        case .unsendable: return ClientError(.invalidRequest, "libcurl cannot send this request")
        case .unresolved(let words), .nobodyThere(let words), .unreachable(let words):
            return ClientError(.unreachable, "`\(baseURL)` cannot be reached: \(words)")
        }
    }
}

/// Takes the bytes of one answer piece by piece: gathers them up to a limit, or hands them to a reader.
///
/// A reader gets bytes of answers in 200...299 only; what a refusal says is gathered.
private final class Receiver: CurlReceiver {
    private(set) var bytes: [UInt8] = []
    private(set) var isOverLimit = false
    /// Whether the reader wanted no more.
    private(set) var isStopped = false
    private let limit: Int
    private let reader: ((UnsafeRawBufferPointer) -> Bool)?

    init(limit: Int, reader: ((UnsafeRawBufferPointer) -> Bool)?) {
        self.limit = limit
        self.reader = reader
    }

    func take(_ piece: UnsafeRawBufferPointer, status: Int) -> Bool {
        if let reader, (200...299).contains(status) {
            isStopped = !reader(piece)
            return !isStopped
        }
        guard piece.count <= limit - bytes.count else {
            isOverLimit = true
            return false
        }
        bytes.append(contentsOf: piece)
        return true
    }

    func takeHeader(_ count: Int) -> Bool { true }

    func permits(_ address: UnsafeRawBufferPointer) -> Bool { true }
}
