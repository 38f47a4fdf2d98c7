import CCurl
import Synchronization

/// Asks other hosts through libcurl, under one policy; connections are kept and used again.
package final class OutboundClient: Outbound {
    private let policy: OutboundPolicy
    private let userAgent: String
    private let bound: Int
    private let state = Mutex(State())

    private struct State {
        var idle: [CurlHandle] = []
        var underWay = 0
    }

    /// At most `concurrency` questions are under way at once; further ones are refused as `busy`.
    package init(policy: OutboundPolicy, userAgent: String, concurrency: Int = 32) {
        self.policy = policy
        self.userAgent = userAgent
        bound = max(1, concurrency)
    }

    package func send(_ request: OutboundRequest) throws(OutboundError) -> OutboundResponse {
        try policy.check(request.url)
        let handle = try take()
        defer { giveBack(handle) }
        return try handle.perform(request, policy, userAgent)
    }

    private func take() throws(OutboundError) -> CurlHandle {
        let isFree = state.withLock { state -> Bool in
            guard state.underWay < bound else { return false }
            state.underWay += 1
            return true
        }
        guard isFree else { throw OutboundError(.busy, "too many other hosts are being asked") }
        if let idle = state.withLock({ $0.idle.popLast() }) { return idle }
        guard let made = CurlHandle() else {
            state.withLock { $0.underWay -= 1 }
            throw OutboundError(.unreachable, "libcurl cannot start")
        }
        return made
    }

    private func giveBack(_ handle: CurlHandle) {
        state.withLock { state in
            state.underWay -= 1
            if state.idle.count < 8 { state.idle.append(handle) }
        }
    }
}
