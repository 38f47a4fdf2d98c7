import Synchronization

/// Holds what every thread of one server shares.
final class HTTPCore: Sendable {
    let limits: HTTPLimits
    let handler: any HTTPHandler
    let log: StructuredLog
    let table: HTTPConnectionTable
    /// No new connections, and connections close after their answer.
    let isDraining = Atomic<Bool>(false)
    /// No connection may sleep any more: the loops are about to end.
    let isHalting = Atomic<Bool>(false)

    init(limits: HTTPLimits, handler: any HTTPHandler, log: StructuredLog) {
        self.limits = limits
        self.handler = handler
        self.log = log
        table = HTTPConnectionTable()
    }
}
