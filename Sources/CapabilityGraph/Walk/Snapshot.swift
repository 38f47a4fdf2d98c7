public import Multiformats
import Synchronization
import UCAN

/// Shows the graph exactly as it stood at one revision; cheap to take, valid for ever, readable on any thread.
public struct Snapshot: Sendable {
    let graph: Graph
    public let revision: UInt32
    /// What is supposed to have ended as well; nil for the graph as it is.
    let overlay: Overlay?

    init(graph: Graph, revision: UInt32, overlay: Overlay? = nil) {
        self.graph = graph
        self.revision = revision
        self.overlay = overlay
    }

    /// The graph as it stood earlier; later than this it does not show.
    public func asOf(_ revision: UInt32) -> Snapshot {
        Snapshot(graph: graph, revision: min(revision, self.revision), overlay: overlay)
    }

    /// The abilities its questions are asked of.
    public var registry: AbilityRegistry { graph.registry }

    /// The families the graph is made for.
    public var families: Families { graph.families }

    /// Names one admitted edge; meaningful only with its graph.
    public struct EdgeID: Hashable, Comparable, Sendable {
        public let raw: UInt32
        public init(raw: UInt32) { self.raw = raw }
        public static func < (left: EdgeID, right: EdgeID) -> Bool { left.raw < right.raw }
    }

    @inline(__always)
    func isVisible(_ edge: UInt32) -> Bool {
        let admittedAt = graph.admittedAt(edge)
        return admittedAt != 0 && admittedAt <= revision
    }

    @inline(__always)
    func isEnded(_ edge: UInt32) -> Bool {
        if isEndedHere(edge) { return true }
        return overlay == nil ? false : isSupposedlyEnded(edge)
    }

    /// True for what has ended whatever is supposed.
    @inline(__always)
    func isEndedHere(_ edge: UInt32) -> Bool {
        let endedAt = graph.endedAt(edge)
        return endedAt != 0 && endedAt <= revision
    }

    @inline(never)
    private func isSupposedlyEnded(_ edge: UInt32) -> Bool { overlay?.ends(edge) ?? false }

    @inline(__always)
    func isInWindow(_ edge: UInt32, _ at: Int64) -> Bool {
        let window = graph.window(edge)
        return window.notBefore <= at && at < window.expires
    }

    /// Finds an edge by the hash of its bytes, or by the hash of another encoding of the same statement.
    public func edge(_ id: Multihash) -> EdgeID? {
        guard id.code == .blake3_256 else { return nil }
        return edge(digest: id.digest).map(EdgeID.init(raw:))
    }

    func edge(digest: Digest) -> UInt32? {
        if let found = graph.edge(id: digest) { return isVisible(found) ? found : nil }
        guard let alias = graph.alias(id: digest) else { return nil }
        let row = graph.aliases[alias]
        return row.admittedAt <= revision && isVisible(row.edge) ? row.edge : nil
    }

    /// The number of edges visible in this snapshot.
    public var edgeCount: Int {
        var low = 0
        var high = graph.visibleEdgeCount
        while low < high {
            let middle = (low + high) / 2
            if isVisible(UInt32(middle)) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func principal(_ did: DID) -> UInt32? { graph.terms.find(.principal, did.text) }

    func space(_ space: Space) -> UInt32? {
        guard let term = graph.terms.find(.space, space.text) else { return nil }
        return graph.spaces.find(term: term)
    }

    /// True when the space was hosted here at this revision.
    public func isHosted(_ space: Space) -> Bool {
        guard let number = self.space(space) else { return false }
        let hostedAt = graph.spaces.hostedAt(number)
        return hostedAt != 0 && hostedAt <= revision
    }
}

extension TermTable {
    func find(_ kind: Kind, _ text: String) -> UInt32? {
        var text = text
        return text.withUTF8 { find(kind, UnsafeRawBufferPointer($0)) }
    }

    func intern(_ kind: Kind, _ text: String, journal: Journal) throws(GraphError) -> UInt32 {
        var text = text
        var result: Result<UInt32, GraphError> = .failure(GraphError(.full, ""))
        text.withUTF8 { bytes in
            do throws(GraphError) {
                result = .success(try intern(kind, UnsafeRawBufferPointer(bytes), journal: journal))
            } catch {
                result = .failure(error)
            }
        }
        return try result.get()
    }
}
