/// Gathers the bytes of one answer and stops the transfer at its limit.
final class Receiver {
    private(set) var bytes: [UInt8] = []
    private(set) var isOverLimit = false
    private let limit: Int

    init(limit: Int) {
        self.limit = limit
    }

    /// Takes a piece; false when it would pass the limit.
    func take(_ piece: UnsafeRawBufferPointer) -> Bool {
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
