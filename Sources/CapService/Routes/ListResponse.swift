import Answers
import Storage
import Synchronization

extension HTTPResponse {
    /// Bytes of a listing that are made before any of it is sent.
    private static let wholeListingBytes = 128 * 1024

    /// Answers with a listing: at once where it is short, else piece by piece, so that who reads slowly holds a piece of it
    /// and not all.
    init(_ listing: ListAnswer) throws(StorageError) {
        var listing = listing
        let first = try listing.next(target: Self.wholeListingBytes) ?? []
        self.init(
            status: 200, headers: [("Content-Type", "application/json")],
            body: listing.isEnded ? .bytes(first) : .stream(ListSource(first, listing)))
    }
}

/// Streams a listing whose first piece was made; a token that cannot be read cuts the connection, so nothing short looks complete.
private final class ListSource: HTTPBodySource {
    private struct State {
        var answer: ListAnswer
        var piece: [UInt8]
        var offset = 0
    }

    private let state: Mutex<State>

    init(_ first: [UInt8], _ answer: ListAnswer) { state = Mutex(State(answer: answer, piece: first)) }

    func next(maxBytes: Int) throws -> [UInt8]? {
        try state.withLock { state in
            if state.offset == state.piece.count {
                state.piece = []
                guard let bytes = try state.answer.next(target: 32 * 1024) else { return nil }
                state.piece = bytes
                state.offset = 0
            }
            let end = min(state.piece.count, state.offset + maxBytes)
            defer { state.offset = end }
            return Array(state.piece[state.offset..<end])
        }
    }
}
