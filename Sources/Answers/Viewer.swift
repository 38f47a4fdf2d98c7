public import CapabilityGraph

/// Says who reads an answer and so how much of each edge it may show (design law 9).
public enum Viewer: Sendable {
    /// The operator of the machine that holds the file.
    case `operator`
    /// Someone who may read the capabilities of one space, and who these principals are.
    case reader(of: Space, AskerIdentity)
}

extension Viewer {
    /// What the viewer may see by the numbers of a snapshot; nil for everything.
    func visibility(in snapshot: Snapshot) -> Visibility? {
        switch self {
        case .operator: nil
        case .reader(let space, let asker): Visibility(snapshot, space: space, asker: asker)
        }
    }
}
