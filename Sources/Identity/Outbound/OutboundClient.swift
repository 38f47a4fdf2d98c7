import Curl
import Synchronization
import UCAN

/// Asks other hosts through libcurl, under one policy; connections are kept and used again.
///
/// Who is asked is often a stranger's choice, and so is how long an answer takes. So one host has a quarter of the room at
/// most, and hosts that have not answered lately leave a quarter of it to those that have. Hosts that the operator named are
/// held to neither.
package final class OutboundClient: Outbound {
    private let policy: OutboundPolicy
    private let userAgent: String
    private let bound: Int
    private let named: Set<String>
    private let state = Mutex(State())

    private struct State {
        var idle: [CurlHandle] = []
        var underWay = 0
        /// By origin.
        var underWayAt: [String: Int] = [:]
    }

    /// Origins that answered, by when they last did not fail to.
    private let answering = BoundedCache<String, Bool>(generation: 1024)

    /// At most `concurrency` questions are under way at once; further ones are refused as `busy`. `named` are the origins
    /// that the operator named.
    package init(policy: OutboundPolicy, userAgent: String, concurrency: Int = 32, named: Set<String> = []) {
        self.named = named
        self.policy = policy
        self.userAgent = userAgent
        bound = max(1, concurrency)
    }

    package func send(_ request: OutboundRequest) throws(OutboundError) -> OutboundResponse {
        try policy.check(request.url)
        let origin = request.url.origin
        let handle = try take(for: origin)
        defer { giveBack(handle, from: origin) }
        let transfer = OutboundTransfer(request, policy)
        do throws(CurlTrouble) {
            let answer = try handle.perform(
                CurlRequest(
                    url: request.url.description, schemes: request.url.scheme.rawValue,
                    isPost: request.method == .post, headers: request.headers, body: request.body,
                    connectTimeout: request.connectTimeout, end: .total(request.totalTimeout), userAgent: userAgent,
                    // A proxy would connect where the policy does not see it.
                    mayUseProxy: false),
                transfer)
            answering.insert(true, for: origin)
            return OutboundResponse(status: answer.status, contentType: answer.contentType, body: transfer.body)
        } catch {
            if let cut = transfer.cutAnswer { return cut }
            if case .timeout = error { answering.insert(false, for: origin) }
            throw transfer.error(error)
        }
    }

    private func take(for origin: String) throws(OutboundError) -> CurlHandle {
        let isNamed = named.contains(origin)
        let room = isNamed || answering[origin] ?? false ? bound : bound - bound / 4
        let share = isNamed ? bound : max(1, bound / 4)
        let isFree = state.withLock { state -> Bool in
            guard state.underWay < room, state.underWayAt[origin, default: 0] < share else { return false }
            state.underWay += 1
            state.underWayAt[origin, default: 0] += 1
            return true
        }
        guard isFree else { throw OutboundError(.busy, "too many other hosts are being asked") }
        if let idle = state.withLock({ $0.idle.popLast() }) { return idle }
        guard let made = CurlHandle() else {
            giveBack(nil, from: origin)
            throw OutboundError(.unreachable, "libcurl cannot start")
        }
        return made
    }

    private func giveBack(_ handle: CurlHandle?, from origin: String) {
        state.withLock { state in
            state.underWay -= 1
            let left = state.underWayAt[origin, default: 1] - 1
            state.underWayAt[origin] = left > 0 ? left : nil
            if let handle, state.idle.count < 8 { state.idle.append(handle) }
        }
    }
}

/// Gathers one answer within its bounds, and judges every address before it is connected to.
private final class OutboundTransfer: CurlReceiver {
    private(set) var body: [UInt8] = []
    private(set) var isTooLarge = false
    /// What a refusal says beyond the bound is of no use to anybody, but that it is a refusal is.
    private(set) var cutAnswer: OutboundResponse?
    private var isRefused = false
    private var isPermitted = false
    private var headerBytes = 0
    private let request: OutboundRequest
    private let policy: OutboundPolicy

    init(_ request: OutboundRequest, _ policy: OutboundPolicy) {
        self.request = request
        self.policy = policy
    }

    func take(_ piece: UnsafeRawBufferPointer, status: Int) -> Bool {
        guard piece.count <= request.maxBytes - body.count else {
            if 200..<300 ~= status {
                isTooLarge = true
            } else {
                cutAnswer = OutboundResponse(status: status)
            }
            return false
        }
        body.append(contentsOf: piece)
        return true
    }

    func takeHeader(_ count: Int) -> Bool {
        headerBytes += count
        if headerBytes > 64 * 1024 { isTooLarge = true }
        return !isTooLarge
    }

    func permits(_ address: UnsafeRawBufferPointer) -> Bool {
        guard policy.permits(NetworkAddress(address), request.url.scheme) else {
            isRefused = true
            return false
        }
        isPermitted = true
        return true
    }

    /// What libcurl's trouble with this transfer means.
    func error(_ trouble: CurlTrouble) -> OutboundError {
        let origin = request.url.origin
        if isTooLarge { return OutboundError(.tooLarge, "the answer of `\(origin)` is too large") }
        if isRefused && !isPermitted {
            return OutboundError(.refusedAddress, "`\(origin)` has no address that may be asked")
        }
        switch trouble {
        case .header(let name): return OutboundError(.malformedURL, "the header `\(name)` cannot be sent")
        case .timeout: return OutboundError(.timeout, "`\(origin)` took too long to answer")
        case .malformed, .unsendable: return OutboundError(.malformedURL, "`\(origin)` cannot be asked this")
        case .unresolved(let words):
            return OutboundError(.unresolved, "`\(origin)` cannot be reached: \(words)")
        case .nobodyThere(let words): return OutboundError(.nobodyThere, "`\(origin)` cannot be reached: \(words)")
        case .unreachable(let words): return OutboundError(.unreachable, "`\(origin)` cannot be reached: \(words)")
        }
    }
}
