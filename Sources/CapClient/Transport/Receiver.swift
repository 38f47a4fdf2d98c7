/// Takes the bytes of one answer piece by piece: gathers them up to a limit, or hands them to a reader.
///
/// A reader gets bytes of answers in 200...299 only; what a refusal says is gathered.
final class Receiver {
    private(set) var bytes: [UInt8] = []
    private(set) var isOverLimit = false
    /// Whether the reader wanted no more.
    private(set) var isStopped = false
    private let limit: Int
    private let reader: ((UnsafeRawBufferPointer) -> Bool)?
    private let status: () -> Int

    /// - Parameters:
    ///   - limit: Most bytes gathered.
    ///   - status: Tells the status of the answer, once its first byte is there.
    ///   - reader: Takes each piece, and returns false to end the transfer.
    init(limit: Int, status: @escaping () -> Int, reader: ((UnsafeRawBufferPointer) -> Bool)? = nil) {
        self.limit = limit
        self.status = status
        self.reader = reader
    }

    /// Whether bytes are handed on in place of gathered.
    var isStreaming: Bool { reader != nil }

    /// Takes a piece; false when it would pass the limit or nobody wants it.
    func take(_ piece: UnsafeRawBufferPointer) -> Bool {
        if let reader, (200...299).contains(status()) {
            isStopped = !reader(piece)
            return !isStopped
        }
        guard piece.count <= limit - bytes.count else {
            isOverLimit = true
            return false
        }
        bytes.append(contentsOf: piece)
        return true
    }
}

/// Hands bytes from libcurl to the receiver behind `context`; any other count than it was given ends the transfer.
func receivePiece(
    _ bytes: UnsafeMutablePointer<CChar>?,
    _ size: Int,
    _ count: Int,
    _ context: UnsafeMutableRawPointer?
) -> Int {
    guard let bytes, let context else { return 0 }
    let receiver = Unmanaged<Receiver>.fromOpaque(context).takeUnretainedValue()
    let piece = UnsafeRawBufferPointer(start: bytes, count: size * count)
    return receiver.take(piece) ? piece.count : 0
}
