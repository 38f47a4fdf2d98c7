public import Multiformats
import Synchronization
public import UCAN

/// Reads one edge back as words and values; slower than the walk, used where something is said about an edge.
public struct EdgeView: Sendable {
    public let snapshot: Snapshot
    public let edge: Snapshot.EdgeID

    init(_ snapshot: Snapshot, _ edge: UInt32) {
        self.snapshot = snapshot
        self.edge = Snapshot.EdgeID(raw: edge)
    }

    var info: EdgeInfo { snapshot.graph.info[edge.raw] }

    public var id: Multihash { Multihash(code: .blake3_256, digest: snapshot.graph.ids[edge.raw]) }
    public var cid: CID { CID(codec: 0x55, hash: id) }
    public var kind: EdgeKind { snapshot.graph.kind(of: edge.raw) }
    public var issuer: String { snapshot.graph.terms.text(snapshot.graph.issuer(edge.raw)) }
    public var audience: String { snapshot.graph.terms.text(snapshot.graph.audience(edge.raw)) }
    public var isTerminal: Bool { info.flags.contains(.terminal) }
    public var admittedAt: UInt32 { snapshot.graph.admittedAt(edge.raw) }
    public var recordedAt: Timestamp { Timestamp(seconds: Int64(info.recordedAt)) }

    public var notBefore: Timestamp? {
        info.flags.contains(.hasNotBefore)
            ? Timestamp(microseconds: snapshot.graph.window(edge.raw).notBefore) : nil
    }

    public var expires: Timestamp? {
        let expires = snapshot.graph.window(edge.raw).expires
        return expires == .max ? nil : Timestamp(microseconds: expires)
    }

    public var issuedAt: Timestamp? {
        snapshot.graph.issuedAt(edge.raw).map(Timestamp.init(microseconds:))
    }

    public var capabilities: [Capability] {
        snapshot.capabilities(of: edge.raw).map(snapshot.capability)
    }

    /// The cited proofs in signed order.
    public var proofs: [Snapshot.EdgeID] {
        (0..<UInt32(info.proofCount)).map {
            Snapshot.EdgeID(raw: snapshot.graph.proof($0, of: info))
        }
    }

    /// True where the edge was ended because another one stands in its place.
    public var isReplaced: Bool {
        snapshot.isEndedHere(edge.raw) && snapshot.graph.endings.get(edge.raw)?.isReplaced ?? false
    }

    /// The revision at which the edge was ended; nil while it is not. What is only supposed to have ended did so next.
    public var endedAt: UInt32? {
        guard snapshot.isEnded(edge.raw) else { return nil }
        return snapshot.isEndedHere(edge.raw) ? snapshot.graph.endedAt(edge.raw) : snapshot.revision &+ 1
    }

    /// Who ended the edge, with which revocation token and when; nil while it is not ended.
    public var ending: (revoker: String, revocation: CID, at: Timestamp)? {
        guard snapshot.isEndedHere(edge.raw), let ending = snapshot.graph.endings.get(edge.raw) else { return nil }
        return (
            snapshot.graph.terms.text(ending.revoker),
            CID(codec: 0x55, hash: Multihash(code: .blake3_256, digest: ending.revocation)),
            Timestamp(microseconds: ending.at)
        )
    }
}

extension Snapshot {
    public func view(_ edge: EdgeID) -> EdgeView { EdgeView(self, edge.raw) }

    /// Reads a capability back into its components.
    func capability(_ number: UInt32) -> Capability {
        let row = graph.capabilities[number]
        let ability = Ability(trusted: graph.terms.text(row.ability))
        let caveats = row.caveats == 0 ? nil : try? Caveats(canonicalBytes: graph.terms.bytes(row.caveats))
        return Capability(resource: resource(row.resource), ability: ability, caveats: caveats ?? .none)
    }

    func resource(_ key: ResourceKey) -> Resource {
        let text = resourceText(key)
        return (try? graph.families.resource(text)) ?? .opaque(text)
    }

    /// The canonical text of a resource.
    func resourceText(_ key: ResourceKey) -> String {
        let row = graph.resources.row(key)
        let path = row.path.map { String(decoding: $0, as: UTF8.self) }
        guard row.space != 0 else { return path ?? "" }
        var text = graph.terms.text(graph.spaces.row(row.space - 1).text)
        if row.service != 0 { text += "/" + graph.terms.text(row.service) }
        if let path { text += "/" + path }
        if row.suffix != 0 { text += graph.terms.text(row.suffix) }
        return text
    }
}

extension Graph {
    /// The kind of an edge; admission and replay let in none that is no family's.
    func kind(of edge: UInt32) -> EdgeKind { families.kind(code: info[edge].kind) ?? .ucan }
}
