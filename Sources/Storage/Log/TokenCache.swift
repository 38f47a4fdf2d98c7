import Multiformats
import Synchronization

/// Remembers tokens read lately, or what was made of them, within a bound on their bytes.
///
/// A token never changes once it has a revision, so nothing here grows stale. What was checked against its id when it
/// was read is not checked again. Entries age in two generations: one that is asked for moves to the younger, and when
/// the younger holds half of the bound, the older is dropped and the younger takes its place.
package final class TokenCache: Sendable {
    private struct Entry {
        let id: Digest
        let bytes: [UInt8]
    }

    private struct Generations {
        var younger: [UInt64: Entry] = [:]
        var older: [UInt64: Entry] = [:]
        var youngerBytes = 0
    }

    private let generations = Mutex(Generations())
    private let maxBytes: Int
    /// What an entry takes beside its bytes.
    private static let overhead = 96

    package init(maxBytes: Int) { self.maxBytes = maxBytes }

    /// Fills in the tokens it has; returns the places of those it lacks.
    package func find(_ names: [TokenName], into tokens: inout [[UInt8]]) -> [Int] {
        generations.withLock { generations in
            var missing: [Int] = []
            for (place, name) in names.enumerated() {
                if let found = generations.younger[name.revision] {
                    if found.id == name.id { tokens[place] = found.bytes } else { missing.append(place) }
                } else if let found = generations.older[name.revision], found.id == name.id {
                    tokens[place] = found.bytes
                    add(found, at: name.revision, to: &generations)
                } else {
                    missing.append(place)
                }
            }
            return missing
        }
    }

    /// Remembers the tokens at some places of a reading.
    package func add(_ tokens: [[UInt8]], _ names: [TokenName], at places: [Int]) {
        generations.withLock { generations in
            for place in places {
                add(Entry(id: names[place].id, bytes: tokens[place]), at: names[place].revision, to: &generations)
            }
        }
    }

    private func add(_ entry: Entry, at revision: UInt64, to generations: inout Generations) {
        let size = entry.bytes.count + Self.overhead
        guard size <= maxBytes / 2 else { return }
        if generations.youngerBytes + size > maxBytes / 2 {
            generations.older = generations.younger
            generations.younger = [:]
            generations.youngerBytes = 0
        }
        if generations.younger.updateValue(entry, forKey: revision) == nil { generations.youngerBytes += size }
    }
}
