import CMicroHTTPD
import Synchronization

/// A body that grows while it is sent, such as a stream of events. Any thread may add to it; between two pieces the
/// connection sleeps and costs no thread.
final class HTTPLiveBody: Sendable {
    private struct State {
        var waiting: [UInt8] = []
        var isFinished = false
        /// The library's connection while it is suspended.
        nonisolated(unsafe) var sleeping: OpaquePointer?

        mutating func wake() {
            if let connection = sleeping.take() { MHD_resume_connection(connection) }
        }
    }

    /// What the connection is given when it asks.
    enum Piece {
        case bytes([UInt8])
        case ended
        case asleep
    }

    private let state = Mutex(State())
    private let maxWaiting: Int

    /// Holds at most `maxWaiting` bytes for a client that reads slowly.
    init(maxWaiting: Int = 256 * 1024) { self.maxWaiting = maxWaiting }

    /// Adds bytes; false when the body has ended or the client is too far behind, and then nothing was added.
    func push(_ bytes: [UInt8]) -> Bool {
        state.withLock { state in
            guard !state.isFinished, state.waiting.count + bytes.count <= maxWaiting else { return false }
            state.waiting += bytes
            state.wake()
            return true
        }
    }

    /// Ends the body after what was added so far.
    func finish() {
        state.withLock { state in
            state.isFinished = true
            state.wake()
        }
    }

    var isFinished: Bool { state.withLock { $0.isFinished } }

    /// Takes what is there; without anything to take, puts the connection to sleep until there is.
    func take(maxBytes: Int, sleeper: OpaquePointer) -> Piece {
        state.withLock { state in
            guard state.waiting.isEmpty else {
                let piece = Array(state.waiting.prefix(maxBytes))
                state.waiting.removeFirst(piece.count)
                return .bytes(piece)
            }
            guard !state.isFinished else { return .ended }
            // Before the lock is released nobody can see it asleep, so nobody can wake it too early.
            MHD_suspend_connection(sleeper)
            state.sleeping = sleeper
            return .asleep
        }
    }

    /// Ends the body for a connection that is gone: nothing may wake it any more.
    func abandon() {
        state.withLock { state in
            state.isFinished = true
            state.sleeping = nil
            state.waiting = []
        }
    }
}

/// Feeds a live body to the library, on the connection's thread only.
final class HTTPLiveFeed {
    private let body: HTTPLiveBody
    private let connection: HTTPConnection
    private let target: OpaquePointer

    init(_ body: HTTPLiveBody, connection: HTTPConnection, target: OpaquePointer) {
        self.body = body
        self.connection = connection
        self.target = target
        connection.attach(body)
        // Given up before, the connection found nothing to end.
        if connection.phase == .givenUp { body.finish() }
    }

    deinit {
        connection.attach(nil)
        body.abandon()
    }

    /// Copies the next bytes and gives their number; 0 while the connection sleeps.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if connection.core.isHalting.load(ordering: .acquiring) { body.finish() }
        switch body.take(maxBytes: buffer.count, sleeper: target) {
        case .bytes(let piece):
            connection.enter(.sending)
            piece.withUnsafeBytes { buffer.copyMemory(from: $0) }
            return piece.count
        case .ended: return HTTPBodyFeed.ended
        case .asleep:
            connection.enter(.waiting)
            return 0
        }
    }
}
