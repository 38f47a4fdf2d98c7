import Synchronization

/// Remembers what was computed for recent keys, never more than two generations of them.
///
/// When the young generation is full it becomes the old one, and what is used again moves back; so a flood of new keys
/// costs the memory of two generations and no walk.
package final class BoundedCache<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private struct Generations {
        var young: [Key: Value] = [:]
        var old: [Key: Value] = [:]
    }

    private let generation: Int
    // Proof of safety: the dictionaries are reached only inside the lock; what leaves it is Sendable.
    private let generations = Mutex(Generations())

    package init(generation: Int) { self.generation = generation }

    package subscript(key: Key) -> Value? {
        generations.withLock { held -> Value? in
            if let found = held.young[key] { return found }
            guard let found = held.old[key] else { return nil }
            insert(found, for: key, into: &held)
            return found
        }
    }

    package func insert(_ value: Value, for key: Key) {
        generations.withLock { insert(value, for: key, into: &$0) }
    }

    private func insert(_ value: Value, for key: Key, into held: inout Generations) {
        if held.young.count >= generation {
            held.old = held.young
            held.young = [:]
        }
        held.young[key] = value
    }

    /// Number of entries held at this moment, in both generations.
    package var count: Int { generations.withLock { $0.young.count + $0.old.count } }
}
