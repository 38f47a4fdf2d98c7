import CMicroHTTPD
import Glibc

/// Runs one loop of the library on its own thread; the functions it calls stand below.
struct HTTPWorker: Sendable {
    // The library locks what several threads touch; the pointer is used between start and stop only.
    nonisolated(unsafe) private let loop: OpaquePointer

    /// Starts a loop, which keeps `core` alive until it is stopped.
    init?(_ core: HTTPCore) {
        let context = Unmanaged.passRetained(core)
        // The server itself bounds the number of connections, before they come here.
        let room = UInt32(clamping: core.limits.connections + HTTPConnectionTable.slack)
        guard
            let loop = capg_http_start(
                room,
                core.limits.poolBytes,
                context.toOpaque(),
                onRequest,
                onRequestLine,
                onCompleted,
                onConnection
            )
        else {
            context.release()
            return nil
        }
        self.loop = loop
    }

    /// Hands a connected socket to the loop, which closes it in the end, also when it refuses it.
    func add(_ socket: Int32, _ address: inout sockaddr_storage, _ length: socklen_t) -> Bool {
        withUnsafeBytes(of: &address) { raw in
            guard let base = raw.baseAddress else { return false }
            return MHD_add_connection(loop, socket, base.assumingMemoryBound(to: sockaddr.self), length) == .YES
        }
    }

    /// Closes every connection and ends the thread; no connection may sleep then.
    func stop(_ core: HTTPCore) {
        MHD_stop_daemon(loop)
        Unmanaged.passUnretained(core).release()
    }
}

// What the library calls, on the thread of the loop. These are plain functions because a closure written in an isolated
// context would carry that isolation onto a thread that does not have it.

private func core(_ context: UnsafeMutableRawPointer?) -> HTTPCore? {
    context.map { Unmanaged<HTTPCore>.fromOpaque($0).takeUnretainedValue() }
}

private func onConnection(
    _ context: UnsafeMutableRawPointer?,
    _ connection: OpaquePointer?,
    _ attached: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ code: MHD_ConnectionNotificationCode
) {
    guard let core = core(context), let connection, let attached else { return }
    switch code {
    case .CONNECTION_NOTIFY_STARTED:
        guard let known = core.table.connection(on: capg_http_socket(connection)) else { return }
        known.enter(.firstHead)
        attached.pointee = Unmanaged.passRetained(known).toOpaque()
    case .CONNECTION_NOTIFY_CLOSED:
        guard let pointer = attached.pointee else { return }
        attached.pointee = nil
        let known = Unmanaged<HTTPConnection>.fromOpaque(pointer).takeRetainedValue()
        core.table.remove(known)
        known.end()
    @unknown default:
        return
    }
}

private func onRequestLine(
    _ context: UnsafeMutableRawPointer?,
    _ target: UnsafePointer<CChar>?,
    _ connection: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    guard let target, let connection, let attached = capg_http_context(connection) else { return nil }
    Unmanaged<HTTPConnection>.fromOpaque(attached).takeUnretainedValue().receiveLine(target)
    return attached
}

private func onRequest(
    _ context: UnsafeMutableRawPointer?,
    _ connection: OpaquePointer?,
    _ url: UnsafePointer<CChar>?,
    _ method: UnsafePointer<CChar>?,
    _ version: UnsafePointer<CChar>?,
    _ body: UnsafePointer<CChar>?,
    _ bodySize: UnsafeMutablePointer<Int>?,
    _ attached: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let pointer = attached?.pointee, let connection, let method, let version else { return .NO }
    let known = Unmanaged<HTTPConnection>.fromOpaque(pointer).takeUnretainedValue()
    if let body, let bodySize, bodySize.pointee > 0 {
        let result = known.receiveBody(UnsafeRawBufferPointer(start: body, count: bodySize.pointee))
        bodySize.pointee = 0
        return result
    }
    switch known.draft.stage {
    case .head: return known.receiveHead(connection, method: method, version: version)
    case .body: return known.dispatch(connection)
    case .dispatched: return known.answerOrSleep(connection)
    case .draining, .answered: return .NO
    }
}

private func onCompleted(
    _ context: UnsafeMutableRawPointer?,
    _ connection: OpaquePointer?,
    _ attached: UnsafeMutablePointer<UnsafeMutableRawPointer?>?,
    _ reason: MHD_RequestTerminationCode
) {
    guard let pointer = attached?.pointee else { return }
    attached?.pointee = nil
    Unmanaged<HTTPConnection>.fromOpaque(pointer).takeUnretainedValue().finish()
}
