import CapabilityGraph
import Dispatch
import Storage
import Synchronization
package import UCAN

/// Makes one call to another service.
package protocol NotificationTransport: Sendable {
    /// Signs the message as its issuer, finds its service's endpoint anew, and calls it; nil when nobody answered.
    func send(_ message: OutboxMessage, at now: Timestamp) -> Int?
}

/// Sends what the outbox holds: each lane in order and on its own, so that a slow service holds up nobody else.
final class OutboxSender: Sendable {
    private struct Lane {
        var isBusy = false
        var failures = 0
        /// Monotonic nanoseconds before which it is not tried again.
        var notBefore: UInt64 = 0
    }

    private struct State {
        var lanes: [String: Lane] = [:]
        /// The workers that have nothing to do.
        var idle = Array(0..<workerCount)
        var isStopped = false
        var isLooking = false
        var looksAgain = false
    }

    private let store: GraphStore
    private let clock: @Sendable () -> Timestamp?
    private let transport: any NotificationTransport
    private let state = Mutex(State())
    private let scheduler = DispatchQueue(label: "outbox")
    // Serial queues each: a thread is found for every one of them, however many others wait for an answer.
    private let workers = (0..<workerCount).map { DispatchQueue(label: "outbox.send.\($0)") }
    private let group = DispatchGroup()

    private static let workerCount = 8
    private let firstDelay: Double
    private static let longestDelay = 300.0

    /// `firstDelay` is how many seconds a lane rests after its first failure.
    init(
        store: GraphStore, clock: @escaping @Sendable () -> Timestamp?, transport: any NotificationTransport,
        firstDelay: Double = 1
    ) {
        self.firstDelay = firstDelay
        self.store = store
        self.clock = clock
        self.transport = transport
    }

    func start() { wake() }

    /// Stops after the calls under way.
    func stop() {
        state.withLock { $0.isStopped = true }
        group.wait()
    }

    /// Looks for lanes to serve; called after a commit, it must not wait.
    func wake() {
        let begins = state.withLock { state in
            guard !state.isStopped else { return false }
            state.looksAgain = true
            if state.isLooking { return false }
            state.isLooking = true
            return true
        }
        if begins { scheduler.async(group: group) { self.look() } }
    }

    private func look() {
        while true {
            let goesOn = state.withLock { state in
                guard state.looksAgain, !state.isStopped else {
                    state.isLooking = false
                    return false
                }
                state.looksAgain = false
                return true
            }
            guard goesOn else { return }
            guard let lanes = try? store.read({ try Outbox.lanes($0) }) else {
                lookLater()
                continue
            }
            for lane in lanes { offer(lane) }
        }
    }

    /// A store that cannot be read now is asked again after a while, whether or not anything is committed.
    private func lookLater() { scheduler.asyncAfter(deadline: .now() + firstDelay) { [weak self] in self?.wake() } }

    /// Takes a lane if it is idle and due.
    private func offer(_ name: String) {
        let now = DispatchTime.now().uptimeNanoseconds
        let worker = state.withLock { state -> Int? in
            var lane = state.lanes[name] ?? Lane()
            guard !state.isStopped, !lane.isBusy, lane.notBefore <= now, let worker = state.idle.popLast() else {
                return nil
            }
            lane.isBusy = true
            state.lanes[name] = lane
            return worker
        }
        guard let worker else { return }
        workers[worker].async(group: group) {
            self.serve(name)
            // A lane that found no worker is seen again now.
            let wereAllBusy = self.state.withLock { state in
                state.idle.append(worker)
                return state.idle.count == 1
            }
            if wereAllBusy { self.wake() }
        }
    }

    /// Sends a lane's messages until it is empty or one of them fails.
    private func serve(_ name: String) {
        while !state.withLock({ $0.isStopped }) {
            let next: OutboxMessage
            do {
                guard let found = try store.read({ try Outbox.next($0, lane: name) }) else { return release(name) }
                next = found
            } catch {
                return postpone(name)
            }
            guard let now = clock() else { return postpone(name) }
            let isTooOld = now.microseconds - next.createdAt.microseconds > Outbox.lifetime
            let status = isTooOld ? nil : transport.send(next, at: now)
            guard isTooOld || Self.isFinal(status) else { return postpone(name) }
            guard (try? store.change(at: now, { try Outbox.remove($0, next) })) != nil else { return postpone(name) }
            state.withLock { $0.lanes[name]?.failures = 0 }
        }
        release(name)
    }

    /// True when the same call would not fare better later.
    static func isFinal(_ status: Int?) -> Bool {
        switch status {
        case .some(200..<300): true
        case .some(408), .some(429): false
        case .some(400..<500): true
        default: false
        }
    }

    /// The lane is empty. A message may have come since it was looked at, so the outbox is looked at again.
    private func release(_ name: String) {
        state.withLock { $0.lanes[name] = nil }
        do {
            if try store.read({ try Outbox.next($0, lane: name) }) != nil { wake() }
        } catch {
            lookLater()
        }
    }

    /// Waits longer after each failure, by chance up to half as much again: 1 s, 2 s, 4 s … 5 min.
    private func postpone(_ name: String) {
        let failures = state.withLock { state in
            state.lanes[name]?.isBusy = false
            state.lanes[name]?.failures += 1
            return state.lanes[name]?.failures ?? 1
        }
        let delay = Self.delay(after: failures, first: firstDelay) * Double.random(in: 1...1.5)
        state.withLock {
            $0.lanes[name]?.notBefore = DispatchTime.now().uptimeNanoseconds + UInt64(delay * 1e9)
        }
        scheduler.asyncAfter(deadline: .now() + delay + 0.01) { [weak self] in self?.offer(name) }
    }

    static func delay(after failures: Int, first: Double) -> Double {
        min(longestDelay, first * Double(1 << min(max(failures - 1, 0), 16)))
    }
}
