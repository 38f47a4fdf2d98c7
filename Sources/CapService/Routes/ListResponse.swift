import Answers
import Storage
import Synchronization

extension HTTPResponse {
    /// Answers with a listing: at once where it is short, else piece by piece, so that who reads slowly holds a piece of it
    /// and not all.
    init(_ listing: consuming ListAnswer) throws(StorageError) {
        let first = try listing.next(target: HTTPBody.pieceBytes) ?? []
        self.init(
            status: 200, headers: [("Content-Type", "application/json")],
            body: listing.isEnded ? .bytes(first) : .stream(ListSource(first, listing)))
    }
}

/// Streams a listing whose first piece was made; a token that cannot be read cuts the connection, so nothing short looks complete.
private final class ListSource: HTTPBodySource {
    private struct State {
        var answer: ListAnswer
        var first: [UInt8]?
    }

    private let state: Mutex<State>

    init(_ first: [UInt8], _ answer: ListAnswer) { state = Mutex(State(answer: answer, first: first)) }

    func next(maxBytes: Int) throws -> [UInt8]? {
        try state.withLock { state in
            if let first = state.first.take() { return first }
            return try state.answer.next(target: 32 * 1024)
        }
    }
}
