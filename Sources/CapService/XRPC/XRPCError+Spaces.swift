import CapabilityGraph
import Spaces

extension XRPCError {
    /// Gives a refusal of the gate its wire form; why the graph said no is for the log.
    init(_ refusal: AccessRefusal) {
        let detail: String? =
            if case .deny(let denial)? = refusal.decision { "\(denial.cause)" } else { nil }
        self.init(refusal.name, refusal.message, detail: detail)
    }
}
