import Synchronization

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
    /// Bytes of the bodies that earned their limits and are not answered yet.
    let earnedBytesHeld = Atomic<Int>(0)
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
    }

    /// Makes the answer to a request that no route sees.
    func response(_ refusal: HTTPRefusal) -> HTTPResponse {
        var response = refusal.response
        response.headers += refusalHeaders(refusal)
        return response
    }

    /// Makes the same answer as bytes, for a socket outside the parser's hands.
    func rawResponse(_ refusal: HTTPRefusal) -> [UInt8] {
        refusal.rawResponse(refusalHeaders(refusal))
    }
}
