import CMicroHTTPD
import Glibc
import Synchronization

/// Follows one connection: what its socket is doing, for the watchdog, and the request now on it.
///
/// Three parties meet here. The server thread that owns the connection reads requests and writes answers. Any thread
/// may complete the request. The watchdog reads `phase` and `since`. Only the first touches `draft`; `slot` is the
/// meeting point of all, and a request leaves it by exactly one `complete`.
final class HTTPConnection: Sendable {
    let socket: Int32
    let remoteAddress: String
    let core: HTTPCore

    private let phaseCode = Atomic<UInt8>(HTTPPhase.opening.rawValue)
    private let phaseSince = Atomic<Int64>(MonotonicClock.milliseconds())
    let bodyReceived = Atomic<Int>(0)
    /// Bytes that are held for the answer being sent.
    let bytesHeld = Atomic<Int>(0)
    private let slot = Mutex(HTTPSlot())
    // Touched only by the server thread that owns the connection, which the library never changes. No part of it is
    // passed inout to anything that could reach it again, so the check for that, a few percent of a request, is off.
    @exclusivity(unchecked) nonisolated(unsafe) var draft = HTTPDraft()

    init(socket: Int32, remoteAddress: String, core: HTTPCore) {
        self.socket = socket
        self.remoteAddress = remoteAddress
        self.core = core
    }

    // MARK: What the socket is doing

    var phase: HTTPPhase { HTTPPhase(rawValue: phaseCode.load(ordering: .acquiring)) ?? .idle }
    /// When the phase began, in milliseconds of the monotonic clock.
    var since: Int64 { phaseSince.load(ordering: .relaxed) }

    /// Says whether a request has begun and its answer is not yet sent.
    var isInFlight: Bool {
        switch phase {
        case .opening, .firstHead, .idle, .draining, .waiting, .givenUp: false
        case .body, .handling, .sending: true
        }
    }

    /// Begins a phase; false where the connection was given up meanwhile, which it stays.
    @discardableResult
    func enter(_ phase: HTTPPhase) -> Bool {
        phaseSince.store(MonotonicClock.milliseconds(), ordering: .relaxed)
        var current = phaseCode.load(ordering: .relaxed)
        while current != HTTPPhase.givenUp.rawValue {
            let (isDone, found) = phaseCode.weakCompareExchange(
                expected: current, desired: phase.rawValue, ordering: .acquiringAndReleasing)
            if isDone { return true }
            current = found
        }
        return false
    }

    /// Gives the connection up while it is still in a phase; from then on no request on it is worked on.
    func giveUp(in phase: HTTPPhase) -> Bool {
        phaseCode.compareExchange(
            expected: phase.rawValue, desired: HTTPPhase.givenUp.rawValue, ordering: .acquiringAndReleasing
        ).exchanged
    }

    // MARK: The live body now on it

    private let live = Mutex<HTTPLiveBody?>(nil)

    func attach(_ body: HTTPLiveBody?) { live.withLock { $0 = body } }

    /// Ends the live body that is being sent, if one is.
    func endLiveBody() { live.withLock { $0 }?.finish() }

    // MARK: The request now on it

    /// Opens the slot for a new request and gives its generation.
    func begin() -> UInt64 {
        slot.withLock { slot in
            slot.generation &+= 1
            slot.state = .handling
            return slot.generation
        }
    }

    /// Answers the request of `generation` unless it was answered before; wakes the connection if it sleeps.
    ///
    /// Gives true if this answer is the one.
    @discardableResult
    func complete(_ generation: UInt64, with response: @autoclosure () -> HTTPResponse) -> Bool {
        slot.withLock { slot in
            slot.generation == generation && slot.fill(response)
        }
    }

    /// Answers the request that the connection sleeps on, if it does.
    @discardableResult
    func completeSleeping(with response: @autoclosure () -> HTTPResponse) -> Bool {
        slot.withLock { slot in
            slot.sleeping != nil && slot.fill(response)
        }
    }

    /// Takes the answer if there is one; with a `sleeper`, puts it to sleep until there is.
    func takeAnswer(orSleep sleeper: OpaquePointer?) -> HTTPResponse? {
        slot.withLock { slot -> HTTPResponse? in
            switch slot.state {
            case .filled:
                slot.state = .vacant
                return slot.response.take() ?? core.response(.internalError)
            case .handling where core.isHalting.load(ordering: .acquiring):
                // A sleeping connection must not outlive its loop.
                slot.state = .vacant
                return core.response(.shuttingDown)
            case .handling:
                // Before the lock is released nobody can see it asleep, so nobody can wake it too early.
                if let sleeper {
                    MHD_suspend_connection(sleeper)
                    slot.sleeping = sleeper
                }
                return nil
            case .vacant:
                return core.response(.internalError)
            }
        }
    }

    /// Forgets the request; what still holds its reply can no longer reach the connection.
    func end() {
        // With the answer taken, or no request begun, the slot is vacant already.
        if draft.stage == .dispatched {
            let left = slot.withLock { slot -> HTTPResponse? in
                slot.state = .vacant
                slot.sleeping = nil
                return slot.response.take()
            }
            _ = consume left
        }
        draft.reset()
    }
}

/// Says what a connection is waiting for.
enum HTTPPhase: UInt8 {
    /// Accepted, not yet taken over by a server thread.
    case opening
    /// The first request head.
    case firstHead
    /// The next request, or the rest of its head.
    case idle
    case body
    case handling
    case sending
    /// Sending a live body that has nothing to send just now.
    case waiting
    /// Refused; what still arrives is thrown away.
    case draining
    /// Its place was given to another.
    case givenUp
}

/// Holds the answer on its way from any thread to the thread of the connection.
private struct HTTPSlot {
    enum State {
        case vacant, handling, filled
    }

    var generation: UInt64 = 0
    var state = State.vacant
    var response: HTTPResponse?
    /// The library's connection while it is suspended.
    nonisolated(unsafe) var sleeping: OpaquePointer?

    /// Puts the answer in place once. The library's connection lives at least until it was resumed and its thread has
    /// then passed the lock of this slot, so resuming under the lock cannot meet a freed connection.
    mutating func fill(_ response: () -> HTTPResponse) -> Bool {
        guard state == .handling else { return false }
        self.response = response()
        state = .filled
        if let connection = sleeping.take() { MHD_resume_connection(connection) }
        return true
    }
}
