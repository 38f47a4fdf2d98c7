import Glibc
import Threading

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
