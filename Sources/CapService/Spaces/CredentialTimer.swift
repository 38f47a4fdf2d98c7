import Dispatch
import Spaces

/// Looks after credentials every second: lists those that died, tells other hosts, forgets what has expired.
final class CredentialTimer: Sendable {
    private let queue = DispatchQueue(label: "credential-sweep", qos: .utility)
    // Set up before anybody else sees it; cancelling is safe from any thread.
    nonisolated(unsafe) private let timer: any DispatchSourceTimer

    init(_ sweep: CredentialSweep, clock: ServiceClock, log: StructuredLog) {
        timer = DispatchSource.makeTimerSource(queue: queue)
        timer.schedule(deadline: .now() + .seconds(1), repeating: .seconds(1), leeway: .milliseconds(200))
        timer.setEventHandler {
            guard let now = clock.now() else { return }
            do {
                try sweep.run(at: now)
            } catch {
                log.warning("the sweep of credentials failed", [("error", .text("\(error)"))])
            }
        }
        timer.activate()
    }

    deinit { timer.cancel() }

    /// Returns when a sweep under way has ended.
    func stop() {
        timer.cancel()
        queue.sync {}
    }
}
