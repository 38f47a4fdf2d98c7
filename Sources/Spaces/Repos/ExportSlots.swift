import Synchronization

/// Bounds how many exports run at a time: each holds a connection for as long as its reader takes.
final class ExportSlots: Sendable {
    private let free: Mutex<Int>

    init(limit: Int) { free = Mutex(limit) }

    /// Throws `RateLimitExceeded` when all are taken.
    func take() throws(RateLimitExceeded) -> ExportSlot {
        let taken = free.withLock { free in
            guard free > 0 else { return false }
            free -= 1
            return true
        }
        guard taken else {
            throw RateLimitExceeded(limit: 0, remaining: 0, retryAfter: 1, message: "too many exports are running")
        }
        return ExportSlot(self)
    }

    fileprivate func giveBack() { free.withLock { $0 += 1 } }
}

/// One running export; the slot is free again when it goes.
final class ExportSlot: Sendable {
    private let slots: ExportSlots

    fileprivate init(_ slots: ExportSlots) { self.slots = slots }

    deinit { slots.giveBack() }
}
