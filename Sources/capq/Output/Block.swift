import CapClient
import Multiformats

/// Holds one part of an answer as people read it.
enum Block: Sendable {
    case table(Table)
    /// Delegations from leaf to root.
    case tree([ListedDelegation])
    /// A document of unknown shape, as an outline.
    case outline(JSON)
    case title(String)
}
