import CapabilityGraph
import Dispatch
import Synchronization

/// Keeps the streams of events that are open here, and closes those that are no longer allowed.
package final class SpaceStreams: Sendable {
    /// One open stream.
    package struct Subscriber: Sendable {
        /// Sends bytes; false when the client is gone or too far behind.
        let push: @Sendable ([UInt8]) -> Bool
        /// Ends the stream.
        let finish: @Sendable () -> Void
        /// Asks the gate again.
        let isAllowed: @Sendable () -> Bool

        package init(
            push: @escaping @Sendable ([UInt8]) -> Bool, finish: @escaping @Sendable () -> Void,
            isAllowed: @escaping @Sendable () -> Bool
        ) {
            self.push = push
            self.finish = finish
            self.isAllowed = isAllowed
        }
    }

    private struct State {
        var next: UInt64 = 0
        var open: [Space: [UInt64: Subscriber]] = [:]
        var isStopped = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "space-streams")
    // Set up before anybody else sees it; cancelling is safe from any thread.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer
    private let beats = Atomic<Int>(0)
    /// Events that are not sent yet.
    private let waiting = Atomic<Int>(0)

    /// Events that may wait: when more do, the streams of the next one's space end, as do those of a client that is too far
    /// behind.
    private static let mostWaiting = 1024

    /// How often the streams are looked at: well below the second within which one must end.
    private static let interval = 250
    /// Looks between two heartbeats, by which a client that is gone is noticed.
    private static let looksPerBeat = 40

    init() {
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(
            deadline: .now() + .milliseconds(Self.interval), repeating: .milliseconds(Self.interval),
            leeway: .milliseconds(20))
        timer.setEventHandler { [weak self] in self?.look() }
        timer.activate()
    }

    deinit { timer.cancel() }

    func add(_ subscriber: Subscriber, to space: Space) {
        let isStopped = state.withLock { state in
            guard !state.isStopped else { return true }
            state.next += 1
            state.open[space, default: [:]][state.next] = subscriber
            return false
        }
        if isStopped { subscriber.finish() }
    }

    /// Sends an event to every stream of its space that is still allowed, in the order of the calls and on the thread of the
    /// streams: whoever writes does not wait until all of them were asked about.
    func publish(_ event: WriteEvent) {
        guard state.withLock({ $0.open[event.space] != nil }) else { return }
        guard waiting.add(1, ordering: .relaxed).newValue <= Self.mostWaiting else {
            waiting.subtract(1, ordering: .relaxed)
            return close(state.withLock { $0.open[event.space] ?? [:] }, of: event.space)
        }
        queue.async { [weak self] in self?.send(event) }
    }

    private func send(_ event: WriteEvent) {
        defer { waiting.subtract(1, ordering: .relaxed) }
        let open = state.withLock { $0.open[event.space] ?? [:] }
        guard !open.isEmpty else { return }
        let bytes = event.event
        // A stream that may have lost its right since the last look is asked before it is told anything.
        close(open.filter { !$0.value.isAllowed() || !$0.value.push(bytes) }, of: event.space)
    }

    /// Looks at once, on the thread of the streams.
    func recheck() { queue.async { [weak self] in self?.look() } }

    func stop() {
        timer.cancel()
        let open = state.withLock { state in
            state.isStopped = true
            defer { state.open = [:] }
            return state.open
        }
        for streams in open.values { for stream in streams.values { stream.finish() } }
    }

    private func look() {
        let isBeat = beats.add(1, ordering: .relaxed).newValue % Self.looksPerBeat == 0
        for (space, streams) in state.withLock({ $0.open }) {
            close(
                streams.filter { !$0.value.isAllowed() || (isBeat && !$0.value.push(Array(": still here\n\n".utf8))) },
                of: space)
        }
    }

    private func close(_ streams: [UInt64: Subscriber], of space: Space) {
        guard !streams.isEmpty else { return }
        state.withLock { state in
            for id in streams.keys { state.open[space]?[id] = nil }
            if state.open[space]?.isEmpty == true { state.open[space] = nil }
        }
        for stream in streams.values { stream.finish() }
    }
}
