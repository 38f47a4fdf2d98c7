public import CapabilityGraph
import UCAN

/// Says who reads an answer and so how much of each edge it may show (design law 9).
public enum Viewer: Sendable {
    /// The operator of the machine that holds the file.
    case `operator`
    /// Someone who may read the capabilities of one space, and who these principals are.
    case reader(of: Space, Asker)
}

extension Snapshot {
    /// Which capabilities of an edge the viewer may see, in signed order, and whether that is all of them.
    func visibleCapabilities(_ view: EdgeView, to viewer: Viewer) -> (shown: [Capability], all: Bool) {
        let capabilities = view.capabilities
        guard case .reader(let space, let asker) = viewer else { return (capabilities, true) }
        if asker.names(view.issuer) || asker.names(view.audience) { return (capabilities, true) }
        let shown = capabilities.filter { capability in
            capability.resource.space == space
                || capability.resource.rootAuthority.map { asker.names($0.text) } == true
        }
        return (shown, shown.count == capabilities.count)
    }
}
