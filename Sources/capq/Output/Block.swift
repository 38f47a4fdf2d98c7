import CapClient
import Multiformats

/// Holds one part of an answer as people read it.
enum Block: Sendable {
    case table(Table)
    /// Delegations from leaf to root.
    case tree([ListedDelegation])
    /// The walk behind a decision.
    case walk(JSON)
}
