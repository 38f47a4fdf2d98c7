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
            for entry in state.entries.values where loads.indices.contains(entry.worker) { loads[entry.worker] += 1 }
            return loads
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
        guard let entry = entries.removeValue(forKey: socket) else { return }
        let left = (counts[entry.address] ?? 1) - 1
        counts[entry.address] = left > 0 ? left : nil
    }
}
