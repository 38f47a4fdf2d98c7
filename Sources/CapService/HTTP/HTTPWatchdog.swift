import CMicroHTTPD
import Glibc
import Synchronization

/// Keeps what the watchdog has seen of one connection.
struct HTTPWatch {
    /// When the phase observed began, its identity between two looks.
    var since: Int64 = 0
    var phase = HTTPPhase.opening
    /// TCP's count of bytes at the start of the observation.
    var bytes: UInt64 = 0
    /// When the observation, or the head, or the window began.
    var start: Int64 = 0
    var headStarted = false
    /// The peer had closed its side and nothing was left to read.
    var peerHadLeft = false
}

/// Ends connections that stay too long in one phase; the library's own time-out is fooled by one byte now and then.
struct HTTPWatchdog {
    private let core: HTTPCore
    private let head, idle, bodyGrace, body, request, window, held, linger: Int64

    init(_ core: HTTPCore) {
        self.core = core
        let limits = core.limits
        head = limits.headDeadline.milliseconds
        idle = limits.idleDeadline.milliseconds
        bodyGrace = limits.bodyGrace.milliseconds
        body = limits.bodyDeadline.milliseconds
        request = limits.requestDeadline.milliseconds
        window = limits.sendWindow.milliseconds
        held = max(1, limits.heldTime.milliseconds)
        linger = limits.lingerDeadline.milliseconds
    }

    /// How long to wait between two looks, in milliseconds: a fraction of the shortest deadline.
    var interval: Int64 {
        let shortest = [head, idle, bodyGrace, body, request, window, linger].min() ?? 1000
        return min(500, max(5, shortest / 4))
    }

    /// Looks again and again until `stopSignal` is readable.
    func run(until stopSignal: Int32) {
        var stop = pollfd(fd: stopSignal, events: Int16(POLLIN), revents: 0)
        while poll(&stop, 1, Int32(interval)) <= 0 { look(now: MonotonicClock.milliseconds()) }
    }

    /// Looks at every connection once.
    func look(now: Int64) {
        core.table.sweep { entry in judge(&entry, now: now) }
        for connection in core.table.all() where connection.phase == .handling && now - connection.since > request {
            if connection.completeSleeping(with: core.response(.deadlineExceeded)) {
                core.log.warning("httpDeadline", [("address", .text(connection.remoteAddress))])
            }
        }
    }

    /// Says whether the connection has outstayed its phase.
    private func judge(_ entry: inout HTTPConnectionTable.Entry, now: Int64) -> Bool {
        let connection = entry.connection
        let phase = connection.phase
        let since = connection.since
        if entry.watch.phase != phase || entry.watch.since != since {
            entry.watch = HTTPWatch(since: since, phase: phase, bytes: 0, start: now)
            switch phase {
            case .idle: entry.watch.bytes = TCPCounters.received(connection.socket)
            case .sending: entry.watch.bytes = TCPCounters.acknowledged(connection.socket)
            default: break
            }
        }
        let spent = now - since
        if judgeLeaving(&entry.watch, connection.socket) {
            // Asleep it would not see its socket closed.
            connection.endLiveBody()
            return true
        }
        switch phase {
        case .opening, .handling, .waiting, .givenUp: return false
        case .firstHead: return spent > head
        case .idle: return judgeIdle(&entry.watch, connection.socket, spent, now)
        case .body:
            let received = Int64(connection.bodyReceived.load(ordering: .relaxed))
            let earned = received * 1000 / Int64(max(1, core.limits.bodyBytesPerSecond))
            return spent > body || spent > bodyGrace + earned
        case .sending: return judgeSending(&entry.watch, connection, now)
        case .draining: return spent > linger
        }
    }

    // When the end of the peer's sending comes together with its last bytes, the library does not see it. It is looked
    // for twice, for the bytes before it may just be on their way through the server.
    private func judgeLeaving(_ watch: inout HTTPWatch, _ socket: Int32) -> Bool {
        switch watch.phase {
        case .opening, .handling, .sending, .givenUp: return false
        case .firstHead, .idle, .body, .draining, .waiting: break
        }
        var byte: UInt8 = 0
        let left = recv(socket, &byte, 1, Int32(MSG_PEEK) | capMessageDontWait) == 0
        defer { watch.peerHadLeft = left }
        return left && watch.peerHadLeft
    }

    // Between requests the library tells nothing until a whole request line is there, but TCP counts its bytes.
    private func judgeIdle(_ watch: inout HTTPWatch, _ socket: Int32, _ spent: Int64, _ now: Int64) -> Bool {
        if !watch.headStarted {
            guard TCPCounters.received(socket) != watch.bytes else { return spent > idle }
            watch.headStarted = true
            watch.start = now
        }
        return now - watch.start > head
    }

    private func judgeSending(_ watch: inout HTTPWatch, _ connection: HTTPConnection, _ now: Int64) -> Bool {
        let elapsed = now - watch.start
        guard elapsed > window else { return false }
        let taken = TCPCounters.acknowledged(connection.socket)
        let needed = bytesDue(in: elapsed, holding: connection.bytesHeld.load(ordering: .relaxed))
        guard taken >= watch.bytes + needed else { return true }
        watch.bytes = taken
        watch.start = now
        return false
    }

    /// How many bytes a reader must have taken in so many milliseconds, with so many bytes held for it.
    func bytesDue(in elapsed: Int64, holding bytes: Int) -> UInt64 {
        let usual = Int64(core.limits.sendBytesPerSecond) * elapsed / 1000
        // A slow line takes a large answer too: how many of those there may be is bounded elsewhere.
        let forHeld = min(Int64(bytes) * elapsed / held, Int64(core.limits.heldBytesPerSecond) * elapsed / 1000)
        return UInt64(max(1, usual, forHeld))
    }
}

/// Reads how many bytes TCP has moved on a socket, from the kernel's `struct tcp_info` (Linux 4.1 and later).
enum TCPCounters {
    // Offsets of tcpi_bytes_acked and tcpi_bytes_received; the C library's own copy of the struct ends before them.
    private static let acknowledgedOffset = 120
    private static let receivedOffset = 128
    private static let size = 136

    /// Gives the bytes the peer has acknowledged; 0 where the kernel does not tell.
    static func acknowledged(_ socket: Int32) -> UInt64 {
        read(socket, acknowledgedOffset)
    }

    /// Gives the bytes received from the peer; 0 where the kernel does not tell.
    static func received(_ socket: Int32) -> UInt64 {
        read(socket, receivedOffset)
    }

    private static func read(_ socket: Int32, _ offset: Int) -> UInt64 {
        withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
            var length = socklen_t(size)
            guard getsockopt(socket, Int32(IPPROTO_TCP), TCP_INFO, buffer.baseAddress, &length) == 0,
                Int(length) >= size
            else { return 0 }
            return buffer.load(fromByteOffset: offset, as: UInt64.self)
        }
    }
}
