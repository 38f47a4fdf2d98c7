import ATProto
import CapabilityGraph
package import Multiformats
import Storage
package import UCAN

extension SpaceGraph {
    /// Ends one edge, for ever and with all that rests on it and goes with it.
    ///
    /// False when it had ended before. The edges that carry the space itself stay: `InvalidRequest`.
    package func end(_ permit: Permit, _ id: Multihash, reason: String, at now: Timestamp) throws -> Bool {
        try permit.require(.endEdge(id))
        guard (1...Self.maximumReasonLength).contains(reason.utf8.count) else {
            throw ATProtoError("InvalidRequest", "`reason` has 1 to \(Self.maximumReasonLength) bytes")
        }
        return try store.transact(at: now) { transaction in
            let permit = try permit.confirmed(in: transaction)
            guard let edge = transaction.graph.edge(id) else { throw AccessRefusal.edgeNotFound }
            guard transaction.graph.view(edge).ending == nil else { return false }
            do {
                try transaction.end(edge, by: permit.principal, reason: reason)
            } catch let refusal as Refusal {
                throw ATProtoError("InvalidRequest", refusal.explanation ?? refusal.text)
            }
            return true
        }
    }

    package static let maximumReasonLength = 256
}
