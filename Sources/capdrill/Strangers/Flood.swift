import Synchronization

/// Makes many calls over a few connections, and counts how they are answered.
final class Flood: Sendable {
    private struct State {
        var counts: [Int: Int] = [:]
        var withoutRetryAfter = 0
        var errors: [String] = []
    }

    private let state = Mutex(State())

    /// Calls `call` so many times in all, with the number of each; every thread has a connection of its own.
    init(
        _ count: Int, _ scene: Scene, from source: String = Arena.attacker, threads number: Int = 4,
        call: @escaping @Sendable (Int, XRPCConnection) throws -> XRPCConnection.Answer
    ) throws {
        let threads = Threads()
        let url = scene.url
        for first in 0..<number {
            try threads.start {
                do {
                    let connection = try XRPCConnection(url, from: source)
                    for place in stride(from: first, to: count, by: number) {
                        self.count(try call(place, connection))
                    }
                } catch {
                    self.state.withLock { $0.errors.append((error as? DrillFailure)?.text ?? "\(error)") }
                }
            }
        }
        threads.join()
        if let error = state.withLock({ $0.errors.first }) { throw DrillFailure("a flood is cut off: \(error)") }
    }

    private func count(_ answer: XRPCConnection.Answer) {
        state.withLock { state in
            state.counts[answer.status, default: 0] += 1
            if answer.status == 429, answer.retryAfter == nil { state.withoutRetryAfter += 1 }
        }
    }

    /// How many calls were answered with a status.
    subscript(_ status: Int) -> Double { Double(state.withLock { $0.counts[status] ?? 0 }) }

    /// How many refusals do not say when to come again.
    var withoutRetryAfter: Double { Double(state.withLock(\.withoutRetryAfter)) }

    /// The statuses and how many there were of each, for messages.
    var summary: String {
        state.withLock(\.counts).sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ")
    }
}
