import Glibc

/// Runs one closure on a thread of its own, detached: whoever cares about its end waits for a signal from it.
final class WriterThread: Sendable {
    private let identity: pthread_t

    init(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(ThreadBody(body))
        // Filled in by the call: the initializer of the type belongs to whichever module the importer met it in first.
        let attributes = UnsafeMutablePointer<pthread_attr_t>.allocate(capacity: 1)
        pthread_attr_init(attributes)
        pthread_attr_setdetachstate(attributes, Int32(PTHREAD_CREATE_DETACHED))
        defer {
            pthread_attr_destroy(attributes)
            attributes.deallocate()
        }
        var thread = pthread_t()
        let status = pthread_create(
            &thread,
            attributes,
            { argument in
                guard let argument else { return nil }
                Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
                return nil
            },
            box.toOpaque()
        )
        precondition(status == 0, "the system gives no thread to write with")
        identity = thread
    }

    var isCurrent: Bool { pthread_equal(identity, pthread_self()) != 0 }
}

/// Carries a closure through a C pointer.
private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}
