import CapabilityGraph
import Spaces

extension XRPCError {
    /// Gives a refusal of the gate its wire form; why the graph said no is for the log.
    init(_ refusal: AccessRefusal) {
        let detail: String? =
            if case .deny(let denial)? = refusal.decision { "\(denial.cause)" } else { nil }
        self.init(refusal.name, refusal.message, detail: detail)
    }

    /// Tells what the account has spent, in the fields of the RateLimit draft (atproto-spaces.md 20).
    init(_ exceeded: RateLimitExceeded) {
        self.init("RateLimitExceeded", exceeded.message, retryAfter: exceeded.retryAfter)
        headers = [
            ("RateLimit-Limit", "\(exceeded.limit)"), ("RateLimit-Remaining", "\(exceeded.remaining)"),
            ("RateLimit-Reset", "\(exceeded.retryAfter)"),
        ]
    }
}
