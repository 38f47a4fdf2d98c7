/// Remembers, in order, what one uncommitted batch changed in the index, so that a failed commit leaves no trace.
final class Journal {
    enum Change {
        case term(UInt32)
        case resource(UInt32)
        case resourceBase(UInt32)
        case space(UInt32)
        case edge(UInt32)
        case edgeID(UInt32)
        case edgeStatement(UInt32)
        case capability(UInt32, replaced: UInt32?)
        case list(UInt32)
        case listState(UInt32, UInt64)
        case alias(UInt32)
        case ended(UInt32)
        case hosted(UInt32)
        case room(of: UInt32, before: UnhostedRoom.Row)
    }

    private(set) var changes: [Change] = []
    /// Off while a log is replayed: what is on disk is never taken back.
    @exclusivity(unchecked) var isRecording = true

    @inline(__always)
    func note(_ change: Change) {
        if isRecording { changes.append(change) }
    }

    /// Keeps the room of a usual batch, and not that of a very large one.
    func clear() { changes.removeAll(keepingCapacity: changes.capacity <= 1 << 14) }
}
