import Glibc
import Synchronization
import Threading

/// Stands between an engine and its server, and does what is asked with the next commit that comes by.
final class PostgresProxy: Sendable {
    enum Deed: Sendable {
        /// Hangs up before the server hears of the commit.
        case dropsBefore
        /// Hangs up once the server has committed, keeping its answer back.
        case dropsAfter
        /// Lets a warning come with the answer.
        case warns
    }

    private struct State {
        var deed: Deed?
        var then: (@Sendable () -> Void)?
        var refusesThen = false
        var isRefusing = false
        var isHalted = false
        var connectionCount = 0
    }

    let address: String
    private let server: String
    private let listener: Int32
    private let state = Mutex(State())
    private let halting = Monitor()

    /// Listens in `scratch` for what goes to the database `name` of the cluster.
    init(_ cluster: PostgresCluster, _ address: String, in scratch: Scratch) throws {
        server = cluster.folder + "/.s.PGSQL.5432"
        self.address = address.replacing("host=" + cluster.folder, with: "host=" + scratch.folder)
        let listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let bound = PostgresProxy.withName(scratch.path(".s.PGSQL.5432")) { bind(listener, $0, $1) }
        guard bound == 0, listen(listener, 16) == 0 else {
            throw PostgresCluster.Failed(description: "cannot listen: \(errno)")
        }
        self.listener = listener
        _ = SystemThread.detached { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                self.awaitPassage()
                self.take(client)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Connections that were passed on.
    var connectionCount: Int { state.withLock { $0.connectionCount } }

    /// `then` is done before the engine can learn of the deed.
    func arm(_ deed: Deed, refusingThen: Bool = false, then: (@Sendable () -> Void)? = nil) {
        state.withLock {
            $0.deed = deed
            $0.then = then
            $0.refusesThen = refusingThen
        }
    }

    /// Takes no new connections.
    func refuse() { state.withLock { $0.isRefusing = true } }

    /// Takes new connections again.
    func admit() { state.withLock { $0.isRefusing = false } }

    /// Passes nothing on, in either direction, and hangs up on nobody, as a network that was cut.
    func halt(_ isHalted: Bool) {
        state.withLock { $0.isHalted = isHalted }
        halting.lock()
        halting.unlock()
        halting.wakeAll()
    }

    private func awaitPassage() {
        halting.lock()
        while state.withLock({ $0.isHalted }) { halting.wait() }
        halting.unlock()
    }

    private func take(_ client: Int32) {
        let isRefused = state.withLock { state in
            if !state.isRefusing { state.connectionCount += 1 }
            return state.isRefusing
        }
        let upstream = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard !isRefused, PostgresProxy.withName(server, { connect(upstream, $0, $1) }) == 0 else {
            close(client)
            close(upstream)
            return
        }
        _ = SystemThread.detached { [weak self] in
            defer {
                close(client)
                close(upstream)
            }
            var ends = [
                pollfd(fd: client, events: Int16(POLLIN), revents: 0),
                pollfd(fd: upstream, events: Int16(POLLIN), revents: 0),
            ]
            while poll(&ends, 2, -1) > 0 {
                self?.awaitPassage()
                if ends[0].revents != 0 {
                    guard let bytes = PostgresProxy.read(client) else { return }
                    let deed = bytes.contains(PostgresProxy.commit) ? self?.nextDeed() : nil
                    if deed == .dropsBefore { return }
                    guard PostgresProxy.write(bytes, upstream) else { return }
                    if let deed {
                        let answer = PostgresProxy.read(upstream)
                        self?.state.withLock { $0.then }?()
                        guard let answer, deed == .warns else { return }
                        guard PostgresProxy.write(PostgresProxy.warning + answer, client) else { return }
                    }
                }
                if ends[1].revents != 0 {
                    guard let bytes = PostgresProxy.read(upstream), PostgresProxy.write(bytes, client) else { return }
                }
            }
        }
    }

    private func nextDeed() -> Deed? {
        state.withLock { state in
            guard let deed = state.deed else { return nil }
            state.deed = nil
            state.isRefusing = state.refusesThen
            return deed
        }
    }

    /// A simple query that says no more than this.
    private static let commit = [UInt8]("COMMIT\0".utf8)

    private static let warning: [UInt8] = {
        let fields = [UInt8]("SWARNING\0VWARNING\0C01000\0Mthe change may be lost\0\0".utf8)
        return [UInt8(ascii: "N"), 0, 0, 0, UInt8(fields.count + 4)] + fields
    }()

    private static func read(_ socket: Int32) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(socket, &bytes, bytes.count, 0)
        return count > 0 ? Array(bytes[..<count]) : nil
    }

    private static func write(_ bytes: [UInt8], _ socket: Int32) -> Bool {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    private static func withName<Value>(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Value) -> Value
    {
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &name.sun_path) { $0.copyBytes(from: path.utf8) }
        return withUnsafePointer(to: &name) { name in
            name.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
