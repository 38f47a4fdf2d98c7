import Synchronization

/// Holds an answer; length, date and connection headers are added by the server.
struct HTTPResponse: Sendable {
    /// A status from 200 to 599.
    var status: Int
    var headers: [(String, String)]
    var body: HTTPBody

    init(status: Int, headers: [(String, String)] = [], body: HTTPBody = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// Makes an answer whose body is JSON text.
    static func json(_ body: [UInt8], status: Int = 200) -> HTTPResponse {
        HTTPResponse(status: status, headers: [("Content-Type", "application/json")], body: .bytes(body))
    }
}

enum HTTPBody: Sendable {
    case empty
    case bytes([UInt8])
    case stream(any HTTPBodySource)
    case live(HTTPLiveBody)

    /// Bytes of a streamed body that are made ahead of its reader, about.
    static let pieceBytes = 128 * 1024

    /// Bytes that are held while it is sent.
    var bytesHeld: Int {
        switch self {
        case .empty, .live: 0
        case .bytes(let bytes): bytes.count
        case .stream: Self.pieceBytes
        }
    }
}

/// Gives a body of unknown length piece by piece; called on the connection's thread, one call at a time.
protocol HTTPBodySource: Sendable {
    /// Gives further bytes, at best `maxBytes`, or nil at the end; it may block briefly, as a disk read does. What is more is
    /// kept for it.
    ///
    /// A throw cuts the connection, so that a truncated body never looks complete.
    func next(maxBytes: Int) throws -> [UInt8]?
}

/// Carries the one answer to one request; when it is dropped unsent, the client is answered 500.
final class HTTPReply: Sendable {
    private let connection: HTTPConnection
    private let generation: UInt64
    private let isSent = Atomic<Bool>(false)
    /// The body of the request is held as long as its answer is owed, also when its client is gone.
    private let allowance: HTTPAllowance?

    init(_ connection: HTTPConnection, generation: UInt64, holding allowance: HTTPAllowance? = nil) {
        self.allowance = allowance
        self.connection = connection
        self.generation = generation
    }

    deinit {
        guard !isSent.load(ordering: .relaxed) else { return }
        connection.complete(generation, with: connection.core.response(.internalError))
    }

    /// Sends the answer from any thread; only the first call has an effect.
    func send(_ response: HTTPResponse) {
        guard !isSent.exchange(true, ordering: .relaxed) else { return }
        connection.complete(generation, with: response)
    }
}

/// Answers requests.
protocol HTTPHandler: Sendable {
    /// Takes one request on a server thread and sends its answer through `reply`, at once or later from any thread.
    ///
    /// It must not wait for anything slow: other connections share its thread.
    func handle(_ request: HTTPRequest, _ reply: HTTPReply)
}
