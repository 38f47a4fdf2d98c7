import CMicroHTTPD
import Glibc
import Synchronization

/// Knows every open connection by its socket, and counts them by address.
///
/// A connection is removed before its socket is closed, under the same lock under which sockets are shut down: a socket
/// number that was given to a newer connection can not be hit.
final class HTTPConnectionTable: Sendable {
    struct Entry {
        let connection: HTTPConnection
        let address: HTTPAddressKey
        let worker: Int
        var watch = HTTPWatch()
        /// Shut down to make room for another; it counts no more.
        var isGivenUp = false
    }

    fileprivate struct State {
        var entries: [Int32: Entry] = [:]
        var counts: [HTTPAddressKey: Int] = [:]
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.entries.count } }

    func count(of address: HTTPAddressKey) -> Int {
        state.withLock { $0.counts[address] ?? 0 }
    }

    func add(_ connection: HTTPConnection, address: HTTPAddressKey, worker: Int) {
        state.withLock { state in
            // A leftover with the same socket number was closed without notice: the number could not be given out else.
            state.drop(connection.socket)
            state.entries[connection.socket] = Entry(connection: connection, address: address, worker: worker)
            state.counts[address, default: 0] += 1
        }
    }

    func connection(on socket: Int32) -> HTTPConnection? {
        state.withLock { $0.entries[socket]?.connection }
    }

    func remove(_ connection: HTTPConnection) {
        state.withLock { state in
            guard state.entries[connection.socket]?.connection === connection else { return }
            state.drop(connection.socket)
        }
    }

    /// Gives how many connections each worker has.
    func loads(workers: Int) -> [Int] {
        state.withLock { state in
            var loads = Array(repeating: 0, count: workers)
            for entry in state.entries.values where !entry.isGivenUp && loads.indices.contains(entry.worker) {
                loads[entry.worker] += 1
            }
            return loads
        }
    }

    /// Makes room for an address by ending a connection of an address that has at least two more, of the one with the most
    /// first: one that asks nothing just now, else a live body, else one that sends or is sent something, and of those the one
    /// that has been as it is for longest. None is ended whose request is being worked on. False where there is none.
    func makeRoom(for newcomer: HTTPAddressKey) -> Bool {
        state.withLock { state in
            let own = state.counts[newcomer] ?? 0
            var victim: (socket: Int32, order: (Int, Int, Int64))?
            for (socket, entry) in state.entries where !entry.isGivenUp {
                guard let count = state.counts[entry.address], count > own + 1,
                    let cost = Self.costOfEnding(entry.connection.phase)
                else { continue }
                let order = (-count, cost, entry.connection.since)
                if victim.map({ order < $0.order }) ?? true { victim = (socket, order) }
            }
            guard let socket = victim?.socket, let entry = state.entries[socket] else { return false }
            state.entries[socket]?.isGivenUp = true
            state.leave(entry.address)
            // Asleep it would not see its socket closed.
            entry.connection.endLiveBody()
            shutdown(socket, Int32(SHUT_RDWR))
            return true
        }
    }

    /// How much is lost with a connection; nil for what is not ended.
    private static func costOfEnding(_ phase: HTTPPhase) -> Int? {
        switch phase {
        case .firstHead, .idle, .draining: 0
        case .waiting: 1
        case .body: 2
        case .sending: 3
        case .opening, .handling: nil
        }
    }

    /// Lets `judge` look at every entry; where it says so, shuts the socket down, which ends the connection soon after.
    func sweep(_ judge: (inout Entry) -> Bool) {
        state.withLock { state in
            for socket in state.entries.keys {
                guard var entry = state.entries[socket] else { continue }
                let isOver = judge(&entry)
                state.entries[socket] = entry
                if isOver { shutdown(socket, Int32(SHUT_RDWR)) }
            }
        }
    }

    /// Gives the connections now open.
    func all() -> [HTTPConnection] {
        state.withLock { $0.entries.values.map(\.connection) }
    }
}

extension HTTPConnectionTable.State {
    fileprivate mutating func drop(_ socket: Int32) {
        guard let entry = entries.removeValue(forKey: socket), !entry.isGivenUp else { return }
        leave(entry.address)
    }

    fileprivate mutating func leave(_ address: HTTPAddressKey) {
        let left = (counts[address] ?? 1) - 1
        counts[address] = left > 0 ? left : nil
    }
}

/// Groups connections by peer: an IPv4 address, or the /64 network of an IPv6 address.
struct HTTPAddressKey: Hashable, Sendable {
    private let network: UInt64
    private let isV4: Bool

    static let none = HTTPAddressKey(network: 0, isV4: false)

    private init(network: UInt64, isV4: Bool) {
        self.network = network
        self.isV4 = isV4
    }

    /// Reads the peer address of an accepted connection; an IPv4 address mapped into IPv6 counts as IPv4.
    static func read(_ storage: inout sockaddr_storage) -> (key: HTTPAddressKey, text: String) {
        withUnsafeMutableBytes(of: &storage) { raw -> (HTTPAddressKey, String) in
            let family = raw.loadUnaligned(fromByteOffset: 0, as: sa_family_t.self)
            if family == sa_family_t(AF_INET) {
                return v4(raw[4..<8])
            }
            guard family == sa_family_t(AF_INET6) else { return (.none, "local") }
            let bytes = raw[8..<24]
            let isMapped =
                bytes.prefix(10).allSatisfy { $0 == 0 } && bytes.dropFirst(10).prefix(2).allSatisfy { $0 == 255 }
            if isMapped { return v4(raw[20..<24]) }
            let network = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return (HTTPAddressKey(network: network, isV4: false), text(AF_INET6, bytes))
        }
    }

    private static func v4(_ bytes: Slice<UnsafeMutableRawBufferPointer>) -> (HTTPAddressKey, String) {
        let address = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (HTTPAddressKey(network: address, isV4: true), text(AF_INET, bytes))
    }

    private static func text(_ family: Int32, _ bytes: Slice<UnsafeMutableRawBufferPointer>) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let bytes = Array(bytes)
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "unknown" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
