import ATProto
import Spaces
import Storage

extension XRPCCall {
    /// Consumes a use, durably, before the call is answered; throws what the token's kind answers to a replay.
    ///
    /// Waits for the disk with whatever else is being committed: `willWait()` is to be asked before the work that leads
    /// here. It comes last, so that what is refused for another reason burns nothing.
    func consume(_ use: TokenUse) throws {
        guard try service.store.use(use.mark, at: now) else { throw use.replayed }
    }
}
