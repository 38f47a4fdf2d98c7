/// What a listing writes of an edge, as the index keeps it: no copies, good for as long as the snapshot is held.
///
/// Whatever a visible edge names is never taken back, so these bytes neither move nor change.
extension EdgeView {
    package typealias UTF8Text = UnsafeBufferPointer<UInt8>

    package var issuerBytes: UTF8Text { snapshot.bytes(ofTerm: snapshot.graph.issuer(edge.raw)) }
    package var audienceBytes: UTF8Text { snapshot.bytes(ofTerm: snapshot.graph.audience(edge.raw)) }

    /// The numbers of the capabilities, in signed order.
    package var capabilityNumbers: Range<UInt32> { snapshot.capabilities(of: edge.raw) }

    package var proofCount: Int { Int(info.proofCount) }
    package func proof(_ index: Int) -> Snapshot.EdgeID {
        Snapshot.EdgeID(raw: snapshot.graph.proof(UInt32(index), of: info))
    }
}

extension Snapshot {
    fileprivate func bytes(ofTerm term: UInt32) -> EdgeView.UTF8Text {
        graph.terms.bytes(term).assumingMemoryBound(to: UInt8.self)
    }

    /// Hands over the pieces that make the text of a capability's resource, in order.
    package func resourcePieces(ofCapability number: UInt32, _ take: (EdgeView.UTF8Text) -> Void) {
        let row = graph.resources.row(graph.capabilities[number].resource)
        let path = row.path?.assumingMemoryBound(to: UInt8.self)
        guard row.space != 0 else {
            if let path { take(path) }
            return
        }
        take(bytes(ofTerm: graph.spaces.row(row.space - 1).text))
        // Resources of the AT Protocol have no service: their path stands right behind the space.
        if row.service != 0 {
            take(Self.slash)
            take(bytes(ofTerm: row.service))
        }
        if let path {
            take(Self.slash)
            take(path)
        }
        if row.suffix != 0 { take(bytes(ofTerm: row.suffix)) }
    }

    private static var slash: EdgeView.UTF8Text {
        let literal: StaticString = "/"
        return UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
    }

    package func abilityBytes(ofCapability number: UInt32) -> EdgeView.UTF8Text {
        bytes(ofTerm: graph.capabilities[number].ability)
    }

    /// The caveats of a capability; nil when there are none.
    package func caveats(ofCapability number: UInt32) -> Caveats? {
        let term = graph.capabilities[number].caveats
        return term == 0 ? nil : try? Caveats(canonicalBytes: graph.terms.bytes(term))
    }
}
