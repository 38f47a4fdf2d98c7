/// Gathers one request while it arrives.
struct HTTPDraft {
    enum Stage {
        /// Between requests, or before the end of a head.
        case head
        case body
        /// Refused with bytes of the body still to come.
        case draining
        /// Given to the handler.
        case dispatched
        case answered
    }

    var stage = Stage.head
    /// The raw target, copied before the library decodes it in place, and where it lay.
    var target: [UInt8] = []
    var targetStart: UnsafePointer<CChar>?
    var head: HTTPHead?
    var bodyLimit = 0
    /// The head was asked whether it earns more.
    var hasAskedForMore = false
    /// Counts the body where it earned its limit.
    var allowance: HTTPBodyAllowance?
    var body: [UInt8] = []
    var drained = 0
    var isHTTP10 = false
    /// The connection ends with the answer.
    var isLast = false

    mutating func reset() {
        stage = .head
        target.removeAll(keepingCapacity: true)
        targetStart = nil
        head = nil
        hasAskedForMore = false
        allowance = nil
        body = []
        drained = 0
    }
}
