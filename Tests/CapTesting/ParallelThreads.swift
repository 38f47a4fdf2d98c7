import Glibc

/// Runs closures on threads of their own and waits for all of them.
public enum ParallelThreads {
    public static func run(_ bodies: [@Sendable () -> Void]) {
        let threads = bodies.map { body in
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { argument in
                    guard let argument else { return nil }
                    Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run()
                    return nil
                }, Unmanaged.passRetained(Body(body)).toOpaque())
            precondition(status == 0, "the system gives no thread")
            return thread
        }
        for thread in threads { pthread_join(thread, nil) }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }
}
