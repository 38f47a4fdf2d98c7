import Glibc
import Synchronization

/// Runs one closure on each of several threads, and waits for all of them.
final class Threads: Sendable {
    private let identities = Mutex<[pthread_t]>([])

    func start(_ body: @escaping @Sendable () -> Void) throws {
        let box = Unmanaged.passRetained(Body(body))
        var identity = pthread_t()
        let status = pthread_create(
            &identity, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            box.toOpaque()
        )
        guard status == 0 else {
            box.release()
            throw DrillFailure("the system gives no thread")
        }
        identities.withLock { $0.append(identity) }
    }

    func join() {
        let started = identities.withLock { list in
            defer { list = [] }
            return list
        }
        for identity in started { pthread_join(identity, nil) }
    }

    /// Carries a closure through a C pointer.
    private final class Body: Sendable {
        let run: @Sendable () -> Void

        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
