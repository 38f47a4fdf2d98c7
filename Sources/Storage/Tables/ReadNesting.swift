import Glibc

/// Knows of each thread whether it holds a state of the tables now, so that a build with checks stops where it asks for
/// another. As many threads as there are connections would wait for one another for ever.
package enum ReadNesting {
    private static let key: pthread_key_t = {
        var key = pthread_key_t()
        guard pthread_key_create(&key, nil) == 0 else { preconditionFailure("the system gives no place for a thread") }
        return key
    }()

    /// How many states the calling thread holds.
    private static var depth: Int {
        get { Int(bitPattern: pthread_getspecific(key)) }
        set { pthread_setspecific(key, UnsafeRawPointer(bitPattern: newValue)) }
    }

    /// True inside a read or a change of the calling thread.
    package static var isInside: Bool { depth > 0 }

    package static func inside<Value>(_ body: () throws -> Value) rethrows -> Value {
        enter()
        defer { leave() }
        return try body()
    }

    /// The calling thread holds a state from now until `leave`.
    package static func enter() { depth += 1 }
    package static func leave() { depth -= 1 }
}
