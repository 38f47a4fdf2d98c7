import CapabilityGraph
import Dispatch
import Synchronization

/// Keeps the streams of events that are open here, and closes those that are no longer allowed.
///
/// All of it is done on one thread, event by event and space by space in turn: what happens in one space delays the looks,
/// and the events of others, by one event at most.
package final class SpaceStreams: Sendable {
    /// One open stream.
    package struct Subscriber: Sendable {
        /// Sends bytes; false when the client is gone or too far behind.
        let push: @Sendable ([UInt8]) -> Bool
        /// Ends the stream.
        let finish: @Sendable () -> Void
        /// Asks the gate again; throws where that cannot be told now.
        let isAllowed: @Sendable () throws -> Bool

        package init(
            push: @escaping @Sendable ([UInt8]) -> Bool, finish: @escaping @Sendable () -> Void,
            isAllowed: @escaping @Sendable () throws -> Bool
        ) {
            self.push = push
            self.finish = finish
            self.isAllowed = isAllowed
        }
    }

    private struct Follower {
        let subscriber: Subscriber
        /// What waits until the stream has begun; nil from then on.
        var held: [WriteEvent]? = []
        /// The revision of its space that the stream was told first.
        var start: String?
        /// Since when, in monotonic nanoseconds, it cannot be told whether the stream may go on; nil where it can.
        var pausedSince: UInt64?
        /// What it is told once it may go on.
        var missed: [[UInt8]] = []

        /// Whether the stream was told of an event by the revision it began with.
        func knows(_ event: WriteEvent) -> Bool {
            guard let start, let rev = event.spaceRev else { return false }
            return rev <= start
        }
    }

    private struct State {
        /// Counts streams and events together: a stream gets the events whose number is above its own.
        var next: UInt64 = 0
        var open: [Space: [UInt64: Follower]] = [:]
        var waiting: [Space: [(number: UInt64, event: WriteEvent)]] = [:]
        /// The spaces with waiting events, the next one first.
        var turns: [Space] = []
        var isSending = false
        var isStopped = false

        mutating func number() -> UInt64 {
            next += 1
            return next
        }
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "space-streams")
    // Set up before anybody else sees it; cancelling is safe from any thread.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer
    private let beats = Atomic<Int>(0)
    /// Nanoseconds after which a stream ends of which nobody can tell whether it may go on.
    private let patience: UInt64

    /// Events of a space that may wait, and events that a stream may hold before it begins: when more do, the streams end, as
    /// do those of a client that is too far behind. There are no more spaces with streams than there are connections.
    static let mostWaiting = 128

    /// How often the streams are looked at: well below the second within which one must end.
    private static let interval = 250
    /// Looks between two heartbeats, by which a client that is gone is noticed.
    private static let looksPerBeat = 40

    init(patience: UInt64 = 10_000_000_000) {
        self.patience = patience
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(
            deadline: .now() + .milliseconds(Self.interval), repeating: .milliseconds(Self.interval),
            leeway: .milliseconds(20))
        timer.setEventHandler { [weak self] in self?.look() }
        timer.activate()
    }

    deinit { timer.cancel() }

    /// Opens a stream, which holds back what comes until it begins; gives its number.
    func add(_ subscriber: Subscriber, to space: Space) -> UInt64 {
        let number = state.withLock { state -> UInt64? in
            guard !state.isStopped else { return nil }
            let number = state.number()
            state.open[space, default: [:]][number] = Follower(subscriber: subscriber)
            return number
        }
        if number == nil { subscriber.finish() }
        return number ?? 0
    }

    /// Begins a stream: sends its first bytes, then what came since it was opened and is not in the revision it is told of.
    func begin(_ number: UInt64, of space: Space, with bytes: [UInt8] = [], at rev: String? = nil) {
        queue.async { [weak self] in
            guard let self else { return }
            let follower = state.withLock { state in
                defer {
                    state.open[space]?[number]?.held = nil
                    state.open[space]?[number]?.start = rev
                }
                return state.open[space]?[number]
            }
            guard var follower else { return }
            follower.start = rev
            let events = (follower.held ?? []).filter { !follower.knows($0) }.map(\.event)
            guard bytes.isEmpty || follower.subscriber.push(bytes), events.allSatisfy({ tell(number, of: space, $0) })
            else { return close([number: follower], of: space) }
        }
    }

    /// Tells one stream, or nothing new where `bytes` is nil, if it may go on; false where it must end. What nobody can judge
    /// now waits, in order and as much as one may miss.
    private func tell(_ number: UInt64, of space: Space, _ bytes: [UInt8]?) -> Bool {
        guard let follower = state.withLock({ $0.open[space]?[number] }) else { return true }
        do {
            guard try follower.subscriber.isAllowed() else { return false }
        } catch {
            let now = DispatchTime.now().uptimeNanoseconds
            return state.withLock { state in
                let since = follower.pausedSince ?? now
                state.open[space]?[number]?.pausedSince = since
                if let bytes { state.open[space]?[number]?.missed.append(bytes) }
                return now - since < patience && follower.missed.count < Self.mostWaiting
            }
        }
        if follower.pausedSince != nil {
            state.withLock { state in
                state.open[space]?[number]?.pausedSince = nil
                state.open[space]?[number]?.missed = []
            }
        }
        return (follower.missed + (bytes.map { [$0] } ?? [])).allSatisfy(follower.subscriber.push)
    }

    /// Ends a stream.
    func remove(_ number: UInt64, of space: Space) {
        guard let follower = state.withLock({ $0.open[space]?[number] }) else { return }
        close([number: follower], of: space)
    }

    /// Sends an event to every stream of its space that is still allowed, in the order of the calls and on the thread of the
    /// streams: whoever writes does not wait until all of them were asked about.
    func publish(_ event: WriteEvent) {
        let space = event.space
        let (isFirst, lost) = state.withLock { state -> (Bool, [UInt64: Follower]) in
            guard let open = state.open[space] else { return (false, [:]) }
            guard state.waiting[space]?.count ?? 0 < Self.mostWaiting else {
                state.waiting[space] = nil
                state.turns.removeAll { $0 == space }
                return (false, open)
            }
            if state.waiting[space] == nil { state.turns.append(space) }
            let number = state.number()
            state.waiting[space, default: []].append((number, event))
            defer { state.isSending = true }
            return (!state.isSending, [:])
        }
        close(lost, of: space)
        if isFirst { queue.async { [weak self] in self?.sendNext() } }
    }

    /// Sends one event of the space whose turn it is. What else is to be done on this thread comes before the next.
    private func sendNext() {
        let next = state.withLock { state -> (UInt64, WriteEvent)? in
            guard let space = state.turns.first, let first = state.waiting[space]?.first else {
                state.isSending = false
                return nil
            }
            state.turns.removeFirst()
            state.waiting[space]?.removeFirst()
            if state.waiting[space]?.isEmpty == true {
                state.waiting[space] = nil
            } else {
                state.turns.append(space)
            }
            return first
        }
        guard let (number, event) = next else { return }
        send(event, number)
        queue.async { [weak self] in self?.sendNext() }
    }

    private func send(_ event: WriteEvent, _ number: UInt64) {
        let space = event.space
        let (open, late) = state.withLock { state -> ([UInt64: Follower], [UInt64: Follower]) in
            let open = (state.open[space] ?? [:]).filter { $0.key < number }
            for (key, follower) in open where follower.held?.count ?? Self.mostWaiting < Self.mostWaiting {
                state.open[space]?[key]?.held?.append(event)
            }
            return (
                open.filter { $0.value.held == nil && !$0.value.knows(event) },
                open.filter { $0.value.held?.count == Self.mostWaiting }
            )
        }
        close(late, of: space)
        guard !open.isEmpty else { return }
        let bytes = event.event
        // A stream that may have lost its right since the last look is asked before it is told anything.
        close(open.filter { !tell($0.key, of: space, bytes) }, of: space)
    }

    /// Looks at once, on the thread of the streams.
    func recheck() { queue.async { [weak self] in self?.look() } }

    func stop() {
        timer.cancel()
        let open = state.withLock { state in
            state.isStopped = true
            defer {
                state.open = [:]
                state.waiting = [:]
                state.turns = []
            }
            return state.open
        }
        for streams in open.values { for stream in streams.values { stream.subscriber.finish() } }
    }

    private func look() {
        let isBeat = beats.add(1, ordering: .relaxed).newValue % Self.looksPerBeat == 0
        for (space, streams) in state.withLock({ $0.open }) {
            close(
                streams.filter { stream in
                    let isBeaten = isBeat && stream.value.held == nil
                    return !tell(stream.key, of: space, isBeaten ? Array(": still here\n\n".utf8) : nil)
                }, of: space)
        }
    }

    private func close(_ streams: [UInt64: Follower], of space: Space) {
        guard !streams.isEmpty else { return }
        state.withLock { state in
            for id in streams.keys { state.open[space]?[id] = nil }
            if state.open[space]?.isEmpty == true { state.open[space] = nil }
        }
        for stream in streams.values { stream.subscriber.finish() }
    }
}
