import CMicroHTTPD
import Glibc
import Synchronization

/// Knows every open connection by its socket, counts them by address, and shares the places out where all are taken.
///
/// A connection is removed before its socket is closed, under the same lock under which sockets are shut down: a socket
/// number that was given to a newer connection can not be hit.
final class HTTPConnectionTable: Sendable {
    struct Entry {
        let connection: HTTPConnection
        let address: HTTPAddressKey
        let worker: Int
        /// True for one of a trusted proxy, which speaks for many.
        let isProxy: Bool
        var watch = HTTPWatch()
        /// Shut down to make room for another; it counts no more.
        var isGivenUp = false
    }

    /// Connections that may still be on their way out beside those that count.
    static let slack = 64

    fileprivate struct State {
        var entries: [Int32: Entry] = [:]
        var counts: [HTTPAddressKey: Int] = [:]
        /// Counts by what one holder of addresses may have of them.
        var shares: [HTTPAddressKey: Int] = [:]
        /// Connections that count, by worker.
        var loads: [Int] = []
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.entries.count } }

    /// Takes a connection in and gives the worker to serve it, of so many the one with the fewest; nil where its address has
    /// all it may have, or all places are taken and nobody who has more gives one up.
    func admit(_ connection: HTTPConnection, from address: HTTPAddressKey, workers: Int, _ limits: HTTPLimits) -> Int? {
        let isProxy = limits.proxies.trusts(connection.remoteAddress)
        return state.withLock { state in
            // A leftover with the same socket number was closed without notice: the number could not be given out else.
            state.drop(connection.socket)
            while state.loads.count < workers { state.loads.append(0) }
            let counted = state.loads.reduce(0, +)
            guard state.counts[address] ?? 0 < limits.connectionsPerAddress,
                state.entries.count - counted < Self.slack,
                counted < limits.connections || state.makeRoom(for: address),
                let worker = state.loads.indices.min(by: { state.loads[$0] < state.loads[$1] })
            else { return nil }
            let entry = Entry(connection: connection, address: address, worker: worker, isProxy: isProxy)
            state.entries[connection.socket] = entry
            state.count(entry, by: 1)
            return worker
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
    /// Makes room for an address by ending a connection of one that has at least two more: one that asks nothing just now,
    /// else of the address with the most a live body, else one that sends or is sent something; of several the one that has been
    /// as it is for longest. None is ended whose request is being worked on, and none of a trusted proxy. False where
    /// there is none.
    fileprivate mutating func makeRoom(for newcomer: HTTPAddressKey) -> Bool {
        let own = shares[newcomer.share] ?? 0
        var victim: (socket: Int32, phase: HTTPPhase, order: (Int, Int, Int, Int64))?
        for (socket, entry) in entries where !entry.isGivenUp && !entry.isProxy {
            let phase = entry.connection.phase
            guard let count = shares[entry.address.share], count > own + 1, let cost = Self.costOfEnding(phase)
            else { continue }
            let order = (min(cost, 1), -count, cost, entry.connection.since)
            if victim.map({ order < $0.order }) ?? true { victim = (socket, phase, order) }
        }
        // One that began to work meanwhile is let be.
        guard let victim, let entry = entries[victim.socket], entry.connection.giveUp(in: victim.phase) else {
            return false
        }
        entries[victim.socket]?.isGivenUp = true
        count(entry, by: -1)
        // Asleep it would not see its socket closed.
        entry.connection.endLiveBody()
        shutdown(victim.socket, Int32(SHUT_RDWR))
        return true
    }

    /// How much is lost with a connection: nothing, or something; nil for what is not ended.
    private static func costOfEnding(_ phase: HTTPPhase) -> Int? {
        switch phase {
        case .firstHead, .idle, .draining: 0
        case .waiting: 1
        case .body: 2
        case .sending: 3
        case .opening, .handling, .givenUp: nil
        }
    }

    fileprivate mutating func drop(_ socket: Int32) {
        guard let entry = entries.removeValue(forKey: socket), !entry.isGivenUp else { return }
        count(entry, by: -1)
    }

    fileprivate mutating func count(_ entry: HTTPConnectionTable.Entry, by change: Int) {
        loads[entry.worker] += change
        Self.add(change, to: &counts, entry.address)
        Self.add(change, to: &shares, entry.address.share)
    }

    private static func add(_ change: Int, to counts: inout [HTTPAddressKey: Int], _ key: HTTPAddressKey) {
        let left = (counts[key] ?? 0) + change
        counts[key] = left > 0 ? left : nil
    }
}

/// Groups connections by peer: an IPv4 address, or the /64 network of an IPv6 address.
struct HTTPAddressKey: Hashable, Sendable {
    private let network: UInt64
    private let isV4: Bool

    static let none = HTTPAddressKey(network: 0, isV4: false)

    /// What one holder of addresses may have of them: an IPv4 address, or an IPv6 /48, of which a site has one.
    var share: HTTPAddressKey { isV4 ? self : HTTPAddressKey(network: network & ~0xFFFF, isV4: false) }

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
