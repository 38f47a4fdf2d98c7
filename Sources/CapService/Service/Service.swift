import CapabilityGraph
import Multiformats
import Storage
import Synchronization
import UCAN

/// Holds what every route needs: the store, the settings, the clock, the node's own key.
final class Service: Sendable {
    let settings: Settings
    let store: GraphStore
    let clock: ServiceClock
    let nodeKey: PrivateKey
    let nodeDID: DID
    let log: StructuredLog
    let metrics = Metrics()
    /// Runs what may wait.
    let pool: BlockingPool
    private let listeningURL = Mutex<String?>(nil)
    private let limiter: PrincipalRateLimiter?

    static let version = "0.1.0"

    /// Opens the database under the data folder and takes or makes the node's key.
    init(_ settings: Settings, log: StructuredLog) throws {
        self.settings = settings
        self.log = log
        clock = ServiceClock(file: settings.clockFile)
        let registry = try AbilityRegistry.standard()
        store = try GraphStore.open(
            path: settings.database, registry: registry, limits: settings.graph, maxPending: settings.maxPending)
        if let seed = try store.meta("node-key") {
            nodeKey = try PrivateKey(curve: .ed25519, seed: seed)
        } else {
            nodeKey = try PrivateKey.generate(.ed25519)
            try store.setMeta("node-key", nodeKey.seed)
        }
        nodeDID = nodeKey.did
        pool = BlockingPool(threads: settings.blockingThreads, waiting: settings.maxPending)
        limiter =
            settings.requestsPerMinute == 0
            ? nil
            : PrincipalRateLimiter(
                perSecond: Double(settings.requestsPerMinute) / 60, burst: settings.requestBurst)
    }

    /// Learns the address the service came to listen at, once.
    func listens(at url: String) { listeningURL.withLock { $0 = $0 ?? url } }

    /// The address clients know this service by, without a trailing slash: the one configured, else the one listened
    /// at.
    func publicURL() throws(XRPCError) -> String {
        if let configured = settings.publicURL { return configured }
        guard let url = listeningURL.withLock({ $0 }) else {
            throw XRPCError("ServiceUnavailable", "the service is starting", retryAfter: 1)
        }
        return url
    }

    /// Refuses a principal that asks too often; called once its signature is known to be its own.
    func checkRate(of principal: DID, at now: Timestamp) throws(Failure) {
        try checkRate(ofKey: principal.text, at: now)
    }

    /// Refuses an address that asks too often without showing who it is.
    func checkRate(ofAddress address: String, at now: Timestamp) throws(Failure) {
        try checkRate(ofKey: address, at: now)
    }

    // No DID is an address, so the two never share a key.
    private func checkRate(ofKey key: String, at now: Timestamp) throws(Failure) {
        guard let limiter else { return }
        if case .retryAfter(let seconds) = limiter.check(key, at: now.microseconds) {
            throw Failure(429, "rateLimited", "too many requests from `\(key)`", retryAfter: seconds)
        }
    }
}
