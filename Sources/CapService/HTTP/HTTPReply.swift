import Synchronization

/// Carries the one answer to one request; when it is dropped unsent, the client is answered 500.
final class HTTPReply: Sendable {
    private let connection: HTTPConnection
    private let generation: UInt64
    private let isSent = Atomic<Bool>(false)
    /// The body of the request is held as long as its answer is owed, also when its client is gone.
    private let allowance: HTTPBodyAllowance?

    init(_ connection: HTTPConnection, generation: UInt64, holding allowance: HTTPBodyAllowance? = nil) {
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
