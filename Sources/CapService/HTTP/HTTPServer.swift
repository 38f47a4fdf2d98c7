import Glibc
import Synchronization
import Threading

/// Serves HTTP/1.0 and 1.1 on one address: a thread that accepts, `threads` loops that serve, one that watches.
final class HTTPServer: Sendable {
    private struct Running {
        var listener: Int32
        var workers: [HTTPWorker]
        var acceptor: HTTPThread
        var watchdog: HTTPThread
    }

    private enum State {
        case new, stopped
        case running(Running)
    }

    private let address: HTTPListenAddress
    private let threads: Int
    private let core: HTTPCore
    private let state = Mutex(State.new)

    init(
        listen address: HTTPListenAddress,
        limits: HTTPLimits = HTTPLimits(),
        threads: Int,
        handler: any HTTPHandler,
        log: StructuredLog,
        refusalHeaders: @escaping @Sendable (HTTPRefusal) -> [(String, String)] = { _ in [] }
    ) throws(HTTPError) {
        guard address.isValid else {
            throw HTTPError(code: .badAddress, message: "`\(address.ip)` is not an IPv4 or IPv6 address")
        }
        self.address = address
        self.threads = max(1, threads)
        core = HTTPCore(limits: limits, handler: handler, log: log, refusalHeaders: refusalHeaders)
    }

    deinit {
        stop(deadline: .zero)
    }

    /// How many connections are open.
    var connectionCount: Int { core.table.count }

    /// Starts listening and serving, once; gives the port bound.
    func start() throws(HTTPError) -> UInt16 {
        try state.withLock { state throws(HTTPError) in
            guard case .new = state else {
                throw HTTPError(code: .alreadyStarted, message: "the server was started before")
            }
            let (listener, port) = try address.listen()
            raiseFileLimit()
            var workers: [HTTPWorker] = []
            for _ in 0..<threads {
                guard let worker = HTTPWorker(core) else { break }
                workers.append(worker)
            }
            let acceptor = HTTPAcceptor(listener: listener, workers: workers, core: core)
            let watchdog = HTTPWatchdog(core)
            guard workers.count == threads, let accepting = HTTPThread({ acceptor.run(until: $0) }) else {
                abandon(listener, workers)
                throw HTTPError(code: .startFailed, message: "the server threads could not be started")
            }
            guard let watching = HTTPThread({ watchdog.run(until: $0) }) else {
                accepting.stop()
                abandon(listener, workers)
                throw HTTPError(code: .startFailed, message: "the server threads could not be started")
            }
            state = .running(
                Running(listener: listener, workers: workers, acceptor: accepting, watchdog: watching)
            )
            return port
        }
    }

    /// Stops accepting, lets requests in flight end within `deadline`, then answers the rest 503 and closes everything.
    ///
    /// It waits for handlers that are running, so it must not be called by one; later replies go nowhere.
    func stop(deadline: Duration = .seconds(10)) {
        let running = state.withLock { state -> Running? in
            guard case .running(let running) = state else { return nil }
            state = .stopped
            return running
        }
        guard let running else { return }
        core.isDraining.store(true, ordering: .releasing)
        running.acceptor.stop()
        close(running.listener)
        let end = MonotonicClock.milliseconds() + deadline.milliseconds
        while core.table.all().contains(where: \.isInFlight), MonotonicClock.milliseconds() < end {
            poll(nil, 0, 5)
        }
        running.watchdog.stop()
        core.isHalting.store(true, ordering: .sequentiallyConsistent)
        for connection in core.table.all() {
            connection.completeSleeping(with: core.response(.shuttingDown))
            connection.endLiveBody()
        }
        for worker in running.workers { worker.stop(core) }
    }

    private func abandon(_ listener: Int32, _ workers: [HTTPWorker]) {
        close(listener)
        for worker in workers { worker.stop(core) }
    }

    // Every connection takes a file descriptor; the soft limit is often 1024 for the whole process.
    private func raiseFileLimit() {
        let needed = rlim_t(core.limits.connections + 256)
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < needed else {
            return
        }
        limit.rlim_cur = min(needed, limit.rlim_max)
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// Holds what every thread of one server shares.
final class HTTPCore: Sendable {
    let limits: HTTPLimits
    let handler: any HTTPHandler
    let log: StructuredLog
    let table: HTTPConnectionTable
    /// Gives the headers that go with what the server itself turns away.
    let refusalHeaders: @Sendable (HTTPRefusal) -> [(String, String)]
    /// No new connections, and connections close after their answer.
    let isDraining = Atomic<Bool>(false)
    /// The bodies that are no short ones and are not answered yet: of whom it is known, and of others.
    let earnedBodies: HTTPHoldings
    let unprovenBodies: HTTPHoldings
    /// The answers that are held whole, are no short ones, and are not taken yet.
    let answers: HTTPHoldings
    /// No connection may sleep any more: the loops are about to end.
    let isHalting = Atomic<Bool>(false)

    init(
        limits: HTTPLimits, handler: any HTTPHandler, log: StructuredLog,
        refusalHeaders: @escaping @Sendable (HTTPRefusal) -> [(String, String)] = { _ in [] }
    ) {
        self.refusalHeaders = refusalHeaders
        self.limits = limits
        self.handler = handler
        self.log = log
        table = HTTPConnectionTable()
        earnedBodies = HTTPHoldings(most: limits.earnedBytes)
        unprovenBodies = HTTPHoldings(most: limits.unprovenBytes)
        answers = HTTPHoldings(most: limits.answerBytes)
    }

    /// Makes the answer to a request that no route sees.
    func response(_ refusal: HTTPRefusal) -> HTTPResponse {
        var response = refusal.response
        response.headers += refusalHeaders(refusal)
        return response
    }
}

/// Says why the server could not be started.
struct HTTPError: Error, Equatable, Sendable {
    enum Code: String, Sendable {
        case badAddress, addressInUse, listenFailed, startFailed, alreadyStarted
    }

    let code: Code
    let message: String

    static func == (a: HTTPError, b: HTTPError) -> Bool {
        a.code == b.code
    }
}

/// Runs a function on a thread of its own until told to stop.
struct HTTPThread: Sendable {
    private let thread: SystemThread
    private let readEnd: Int32
    private let writeEnd: Int32

    /// Starts `body`, whose argument becomes readable when it has to return.
    init?(_ body: @escaping @Sendable (Int32) -> Void) {
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { return nil }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        let stopSignal = ends[0]
        guard let thread = SystemThread({ body(stopSignal) }) else {
            for end in ends { close(end) }
            return nil
        }
        self.thread = thread
        readEnd = ends[0]
        writeEnd = ends[1]
    }

    /// Signals the body to return and waits until it has.
    func stop() {
        close(writeEnd)
        thread.join()
        close(readEnd)
    }
}
