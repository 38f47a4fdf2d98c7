import Answers
import CapabilityGraph
import Identity
import Multiformats
import Spaces
import Storage
import Synchronization
import UCAN

/// Holds what every route needs: the store, the settings, the clock, the node's own key.
final class Service: Sendable {
    let settings: Settings
    let families: ServedFamilies
    let store: GraphStore
    let clock: ServiceClock
    let clockWatch = ClockWatch()
    let nodeKey: PrivateKey
    let nodeDID: DID
    let log: StructuredLog
    let metrics = Metrics()
    let rows: RowCache
    /// Runs what may wait.
    let pool: BlockingPool
    /// Runs what hashes passwords, which is slow on purpose: a flood of it keeps nothing else waiting.
    let hashing: BlockingPool
    /// Answers questions about authority, which take the processor for as long as they are searched: apart from what waits
    /// for disks and hosts, so that they hold up nobody but one another.
    let questions: BlockingPool
    let address: PublicAddress
    let outbound: any Outbound
    let names = NameLookup()
    let accounts: Accounts
    let resolver: IdentityResolver
    /// Metadata and key sets of clients and issuers.
    let documents: RemoteDocuments
    let accountLimits: AccountLimits
    let credentialCache = CredentialCache()
    let recordTexts = RecordTexts()
    let spaces: SpaceHost
    let lexicons: LexiconFolder
    private let limiter: PrincipalRateLimiter?
    private let kept: PrincipalRateLimiter?
    private let addressLimiter: PrincipalRateLimiter?

    static let version = "0.1.0"

    /// Opens the store that the settings name and takes or makes the node's key.
    init(
        _ settings: Settings, families: ServedFamilies = .standard, log: StructuredLog,
        watch: StoreWatch = StoreWatch(), gate adjust: (Gate) -> Gate = { $0 }
    ) throws {
        try families.requireDistinct()
        self.settings = settings
        self.families = families
        self.log = log
        rows = RowCache(parentsAsBytes: settings.parentsAsBytes)
        clock = ServiceClock(file: settings.clockFile)
        lexicons = try LexiconFolder(settings.lexicons)
        try Accounts.checkNothingIsLost(
            store: settings.storeName, isThere: settings.isStoreThere(), keyFile: settings.keyFile)
        try settings.checkKeyFile()
        store = try settings.openStore(families.kept(), at: try Self.startTime(clock), watch)
        if let seed = try store.meta("node-key") {
            nodeKey = try PrivateKey(curve: .ed25519, seed: seed)
        } else {
            nodeKey = try PrivateKey.generate(.ed25519)
            try store.setMeta("node-key", nodeKey.seed)
        }
        nodeDID = nodeKey.did
        pool = BlockingPool(threads: settings.blockingThreads, waiting: settings.maxPending)
        questions = BlockingPool(threads: 2, waiting: 64)
        hashing = BlockingPool(threads: settings.hashingThreads, waiting: settings.maxHashesWaiting)
        address = PublicAddress(settings)
        outbound = OutboundClient(
            policy: OutboundPolicy(allowsLoopback: settings.allowsLoopbackPeers),
            userAgent: "capservice/\(Self.version)", named: [try PeerURL(settings.plcURL).origin])
        let (accounts, address) = (
            try Accounts(
                store: store, keyFile: settings.keyFile, audience: nodeKey.did.text,
                refreshGrace: Int64(settings.refreshGraceSeconds)), address
        )
        self.accounts = accounts
        resolver = IdentityResolver(
            outbound: outbound, plcURL: try PeerURL(settings.plcURL), now: { MonotonicClock.milliseconds() }
        ) { did in
            guard let account = try accounts.account(did: did) else { return nil }
            return try account.hostedDocument(at: address.url())
        }
        documents = RemoteDocuments(outbound: outbound, now: { MonotonicClock.milliseconds() })
        accountLimits = AccountLimits(
            accountsPerHour: settings.accountsPerHour, loginsPerMinute: settings.loginsPerMinute)
        spaces = SpaceHost(
            store: store, accounts: accounts, resolver: resolver, outbound: outbound, documents: documents,
            settings: settings, clock: clock, log: log, adjust: adjust)
        kept =
            settings.unhostedPerHour == 0
            ? nil
            : PrincipalRateLimiter(perSecond: Double(settings.unhostedPerHour) / 3600, burst: settings.unhostedPerHour)
        limiter = Self.limiter(perMinute: settings.requestsPerMinute, burst: settings.requestBurst)
        addressLimiter = Self.limiter(
            perMinute: settings.addressRequestsPerMinute ?? settings.requestsPerMinute * 10,
            burst: settings.requestBurst * 10)
    }

    private static func limiter(perMinute: Int, burst: Int) -> PrincipalRateLimiter? {
        perMinute == 0 ? nil : PrincipalRateLimiter(perSecond: Double(perMinute) / 60, burst: burst)
    }

    private static func startTime(_ clock: ServiceClock) throws -> Timestamp {
        guard let now = clock.now() else { throw StorageError(.internal, "the clock cannot be read") }
        return now
    }

    /// Makes an answer by what it reads: at once, or on the pool where that waits for a network.
    func reading(
        _ answer: Answer, _ make: @escaping @Sendable () throws(ErrorAnswer) -> HTTPResponse
    ) throws(ErrorAnswer) {
        if store.isRemote { try answer.finish(on: pool, make) } else { answer.finish(make) }
    }

    /// The graph to decide by; refuses while it is not certain that it knows all that was acknowledged.
    func snapshot() throws(ErrorAnswer) -> Snapshot {
        do throws(StorageError) { return try store.freshSnapshot() } catch { throw ErrorAnswer(.storage(error)) }
    }

    /// Refuses a request of an address from which too many come, whoever makes them and whatever becomes of them: who asks
    /// by a fresh key each time, or shows what does not hold, is counted as well.
    func checkAddress(of request: HTTPRequest) throws(ErrorAnswer) {
        guard let addressLimiter else { return }
        let client = request.clientNetwork
        guard
            case .retryAfter(let seconds) = addressLimiter.check(client, at: MonotonicClock.milliseconds() * 1000)
        else { return }
        throw ErrorAnswer(
            429, "rateLimited", "too many requests from `\(client)`", form: .json, retryAfter: seconds)
    }

    /// What may still be kept of the address of a request without anybody's leave; one for each statement.
    func allowance(of request: HTTPRequest) -> any SenderAllowance {
        kept.map { NetworkAllowance($0, of: request.clientShare) } ?? .anybody
    }

    /// Refuses a principal that asks too often; called once its signature is known to be its own.
    func checkRate(of principal: DID, at now: Timestamp) throws(ErrorAnswer) {
        try checkRate(ofKey: principal.text, at: now)
    }

    /// Refuses an address that asks too often without showing who it is.
    func checkRate(ofAddress address: String, at now: Timestamp) throws(ErrorAnswer) {
        try checkRate(ofKey: address, at: now)
    }

    // No DID is an address, so the two never share a key.
    private func checkRate(ofKey key: String, at now: Timestamp) throws(ErrorAnswer) {
        guard let limiter else { return }
        if case .retryAfter(let seconds) = limiter.check(key, at: now.microseconds) {
            throw ErrorAnswer(429, "rateLimited", "too many requests from `\(key)`", retryAfter: seconds)
        }
    }
}

/// Counts one statement for the network it comes from: once, though a batch that failed is tried again.
private final class NetworkAllowance: SenderAllowance {
    private let limiter: PrincipalRateLimiter
    private let network: String
    private let said = Mutex<PrincipalRateLimiter.Verdict?>(nil)

    init(_ limiter: PrincipalRateLimiter, of network: String) {
        self.limiter = limiter
        self.network = network
    }

    func countKept() -> Int? {
        let verdict = said.withLock { said in
            let verdict = said ?? limiter.check(network, at: MonotonicClock.milliseconds() * 1000)
            said = verdict
            return verdict
        }
        guard case .retryAfter(let seconds) = verdict else { return nil }
        return seconds
    }
}
