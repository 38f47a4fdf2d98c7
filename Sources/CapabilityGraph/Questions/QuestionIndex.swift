import Synchronization

/// Finds what only questions ask for: the capabilities on one resource whoever holds them, what rests on
/// a capability, and the spaces of an owner.
///
/// Made at the first question that needs it and brought up to date by each further one, from the published edges in their
/// order; admission and check neither write nor read it. A published edge is never taken back, so neither is an entry.
final class QuestionIndex: Sendable {
    private struct Entries: Sendable {
        /// Edges that were looked at: all below this one.
        var edges: UInt32 = 0
        /// The newest capability of each resource, by the hash of the resource.
        var newest: [UInt64: UInt32] = [:]
        /// For each capability the next older one under the same hash, plus one; 0 ends the run.
        var older: [UInt32] = []
        /// The newest capability that rests on each, and for each place in `children` the next older one; plus one.
        var newestChild: [UInt32] = []
        var children: [Child] = []
        var known: Set<UInt32> = []
        var owned: [UInt32: [OwnedSpace]] = [:]
    }

    private struct Child: Sendable {
        let capability: UInt32
        let older: UInt32
    }

    /// A space and the edge that named it first.
    struct OwnedSpace: Sendable {
        let space: UInt32
        let edge: UInt32
    }

    private let entries = Mutex(Entries())

    /// The capabilities on exactly this resource that a snapshot sees, newest first, dead ones too, at most `limit`.
    func capabilities(
        on base: UInt32, path: UnsafeRawBufferPointer?, limit: Int, in snapshot: Snapshot
    ) -> [UInt32] {
        let graph = snapshot.graph
        guard base != Resources.unseen else { return [] }
        let hash = graph.resources.groupHash(audience: 0, base: base, path: path)
        return entries.withLock { entries in
            Self.catchUp(&entries, graph)
            var found: [UInt32] = []
            var next = entries.newest[hash].map { $0 + 1 } ?? 0
            while next != 0, found.count < limit {
                let capability = next - 1
                let row = graph.capabilities[capability]
                if snapshot.isVisible(row.edge), graph.resources.matches(row.resource, base: base, path: path) {
                    found.append(capability)
                }
                next = entries.older[Int(capability)]
            }
            return found
        }
    }

    /// The spaces that a principal owns by their names, in the order in which they were first named.
    func spaces(of owner: UInt32, in graph: Graph) -> [OwnedSpace] {
        entries.withLock { entries in
            Self.catchUp(&entries, graph)
            return entries.owned[owner] ?? []
        }
    }

    /// Where a walk over what rests on a capability stands.
    enum ChildPlace {
        case newest, end
        /// A place in `children`.
        case older(UInt32)

        var isEnd: Bool { if case .end = self { true } else { false } }
    }

    /// How many of what rests on a capability are given at once: nobody waits longer for the index than for these.
    private static let childrenAtOnce = 1024

    /// The next of the capabilities that rest on one directly, newest first, whatever became of them.
    func children(of parent: UInt32, from place: inout ChildPlace, in graph: Graph) -> [UInt32] {
        entries.withLock { entries in
            Self.catchUp(&entries, graph)
            var next: UInt32
            switch place {
            case .newest: next = Int(parent) < entries.newestChild.count ? entries.newestChild[Int(parent)] : 0
            case .older(let child): next = child
            case .end: next = 0
            }
            var found: [UInt32] = []
            while next != 0, found.count < Self.childrenAtOnce {
                let child = entries.children[Int(next - 1)]
                found.append(child.capability)
                next = child.older
            }
            place = next == 0 ? .end : .older(next)
            return found
        }
    }

    private static func catchUp(_ entries: inout Entries, _ graph: Graph) {
        let end = UInt32(graph.visibleEdgeCount)
        while entries.edges < end {
            for capability in graph.capabilities(of: entries.edges) {
                let row = graph.capabilities[capability]
                let hash = graph.resources.groupHash(audience: 0, resource: row.resource)
                entries.older.append(entries.newest.updateValue(capability, forKey: hash).map { $0 + 1 } ?? 0)
                entries.newestChild.append(0)
                for place in 0..<UInt32(row.supportCount) {
                    let support = Int(row.supportCount == 1 ? row.support : graph.supports[row.support + place])
                    entries.children.append(Child(capability: capability, older: entries.newestChild[support]))
                    entries.newestChild[support] = UInt32(entries.children.count)
                }
                let space = graph.resources.row(row.resource).space
                if space != 0, entries.known.insert(space).inserted {
                    let owner = graph.spaces.row(space - 1).owner
                    entries.owned[owner, default: []].append(OwnedSpace(space: space - 1, edge: entries.edges))
                }
            }
            entries.edges += 1
        }
    }
}

extension Snapshot {
    /// The capabilities, whoever holds them, that stand on a resource of the question or above it and give its ability:
    /// narrowest resource first, newest first, those that were there at this revision. Live or not is not asked.
    ///
    /// Gives false when there are more on these resources than `limit`, whatever their abilities; the first are given.
    func forEachGrant(
        of question: ResolvedQuestion, limit: inout Int, _ body: (UInt32) -> Void
    ) -> Bool {
        func group(_ path: UnsafeRawBufferPointer?) -> Bool {
            let found = graph.questions.capabilities(on: question.base, path: path, limit: limit + 1, in: self)
            let isWhole = found.count <= limit
            for capability in found.prefix(limit) {
                guard
                    coversAbility(
                        held: graph.capabilities[capability].ability, required: question.ability,
                        requiredNumber: question.abilityNumber)
                else { continue }
                body(capability)
            }
            limit = max(0, limit - found.count)
            return isWhole
        }
        guard let path = question.path else { return group(nil) }
        return path.withUnsafeBytes { bytes in
            guard question.isHierarchical else { return group(bytes) }
            // What is longer than every path there is needs no look-up.
            return Self.prefixLengths(bytes).filter { $0 <= question.longestPath }
                .allSatisfy { group(UnsafeRawBufferPointer(rebasing: bytes[..<$0])) } && group(nil)
        }
    }

    /// How long the prefixes of a path are that cover it, longest first (`CandidateSearch` tries the same).
    static func prefixLengths(_ path: UnsafeRawBufferPointer) -> [Int] {
        var lengths = [path.count]
        for index in path.indices.reversed() where path[index] == 0x2F {
            if index + 1 < path.count { lengths.append(index + 1) }
            if index == 0 || path[index - 1] != 0x2F { lengths.append(index) }
        }
        return lengths
    }
}
