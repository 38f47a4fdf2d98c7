import Glibc

/// Runs one closure on a thread of the system.
public struct SystemThread: Sendable {
    private let identity: pthread_t

    /// Starts a thread that somebody is to `join`; nil when the system gives none.
    public init?(_ body: @escaping @Sendable () -> Void) {
        let box = Unmanaged.passRetained(ThreadBody(body))
        var thread = pthread_t()
        guard pthread_create(&thread, nil, runThreadBody, box.toOpaque()) == 0 else {
            box.release()
            return nil
        }
        identity = thread
    }

    /// Starts a thread that nobody joins: whoever cares about its end waits for a signal from it.
    public static func detached(_ body: @escaping @Sendable () -> Void) -> SystemThread? {
        guard let thread = SystemThread(body) else { return nil }
        pthread_detach(thread.identity)
        return thread
    }

    /// Waits until the closure has returned; once for each thread, and for none that is detached.
    public func join() { pthread_join(identity, nil) }

    /// True on the thread itself.
    public var isCurrent: Bool { pthread_equal(identity, pthread_self()) != 0 }
}

/// Carries a closure through a C pointer.
private final class ThreadBody: Sendable {
    let run: @Sendable () -> Void

    init(_ run: @escaping @Sendable () -> Void) { self.run = run }
}

// A plain function: a closure made in an isolated context would carry that isolation onto the thread.
private func runThreadBody(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    if let context { Unmanaged<ThreadBody>.fromOpaque(context).takeRetainedValue().run() }
    return nil
}
