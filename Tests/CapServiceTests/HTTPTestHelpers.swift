import Glibc
import Synchronization

@testable import CapService

/// Keeps replies that a test answers later.
final class Kept: Sendable {
    private let replies = Mutex<[HTTPReply]>([])

    var first: HTTPReply? { replies.withLock(\.first) }
    var count: Int { replies.withLock(\.count) }

    func keep(_ reply: HTTPReply) {
        replies.withLock { $0.append(reply) }
    }

    func take() -> [HTTPReply] {
        replies.withLock { replies in
            defer { replies = [] }
            return replies
        }
    }

    /// Waits until so many replies are kept.
    func wait(for count: Int) {
        while self.count < count { Pause.briefly() }
    }
}

/// Gives way while a condition that is sure to come is awaited.
enum Pause {
    static func briefly(_ milliseconds: Int32 = 1) {
        poll(nil, 0, milliseconds)
    }
}
