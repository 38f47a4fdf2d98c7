import Synchronization
import UCAN

/// Bounds how many questions to managing applications wait at a time for one caller, and for the outsiders of one network:
/// whoever owns a space may name any service as its application, which a caller then makes this host call.
final class ManagingAppSlots: Sendable {
    private enum Holder: Hashable {
        case caller(DID)
        case network(String)

        var most: Int {
            switch self {
            case .caller: 2
            case .network: 4
            }
        }
    }

    private let taken = Mutex<[Holder: Int]>([:])

    /// Runs a question; throws `RateLimitExceeded` when too many wait already. `network` is that of an outsider.
    func run<Answer>(for caller: DID, from network: String?, _ question: () throws -> Answer) throws -> Answer {
        let holders = [Holder.caller(caller)] + (network.map { [.network($0)] } ?? [])
        let isFree = taken.withLock { taken in
            guard holders.allSatisfy({ taken[$0, default: 0] < $0.most }) else { return false }
            for holder in holders { taken[holder, default: 0] += 1 }
            return true
        }
        guard isFree else {
            throw RateLimitExceeded(
                limit: 0, remaining: 0, retryAfter: 1, message: "too many questions to managing applications wait")
        }
        defer {
            taken.withLock { taken in
                for holder in holders {
                    let left = taken[holder, default: 1] - 1
                    taken[holder] = left > 0 ? left : nil
                }
            }
        }
        return try question()
    }
}
