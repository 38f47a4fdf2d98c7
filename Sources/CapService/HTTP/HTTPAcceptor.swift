import CMicroHTTPD
import Glibc

/// Accepts connections and hands each to the loop with the fewest.
struct HTTPAcceptor: Sendable {
    let listener: Int32
    let workers: [HTTPWorker]
    let core: HTTPCore

    /// Accepts until `stopSignal` is readable.
    func run(until stopSignal: Int32) {
        while true {
            var waits = [
                pollfd(fd: stopSignal, events: Int16(POLLIN), revents: 0),
                pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
            ]
            poll(&waits, 2, -1)
            if waits[0].revents != 0 { return }
            if waits[1].revents != 0, !acceptAll() {
                // Out of descriptors or memory: leave the listener alone for a moment, unless told to stop.
                core.log.warning("httpAcceptFailed", [("reason", .text(String(cString: strerror(errno))))])
                var stop = pollfd(fd: stopSignal, events: Int16(POLLIN), revents: 0)
                if poll(&stop, 1, 100) > 0 { return }
            }
        }
    }

    /// Accepts what waits; gives false when the system has no room for more.
    private func acceptAll() -> Bool {
        while true {
            var address = sockaddr_storage()
            var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
            let socket = withUnsafeMutableBytes(of: &address) { raw -> Int32 in
                guard let base = raw.baseAddress else { return -1 }
                return accept4(listener, base.assumingMemoryBound(to: sockaddr.self), &length, flags)
            }
            if socket >= 0 {
                admit(socket, &address, length)
                continue
            }
            switch errno {
            case EMFILE, ENFILE, ENOMEM, ENOBUFS: return false
            case EINTR, ECONNABORTED, EPROTO: continue
            default: return true
            }
        }
    }

    private func admit(_ socket: Int32, _ address: inout sockaddr_storage, _ length: socklen_t) {
        let (key, text) = HTTPAddressKey.read(&address)
        let connection = HTTPConnection(socket: socket, remoteAddress: text, core: core)
        guard let worker = core.table.admit(connection, from: key, workers: workers.count, core.limits) else {
            refuse(socket)
            core.log.debug("httpTooManyConnections", [("address", .text(text))])
            return
        }
        if !workers[worker].add(socket, &address, length) { core.table.remove(connection) }
    }

    private func refuse(_ socket: Int32) {
        let bytes = core.response(.tooManyConnections).raw
        _ = send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL) | capMessageDontWait)
        shutdown(socket, Int32(SHUT_WR))
        close(socket)
    }
}
