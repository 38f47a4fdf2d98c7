import Glibc

/// Lets a bounded number of threads pass at once; further ones wait.
///
/// Unchecked because the semaphore lies at a fixed address this class owns and is made to be shared by threads.
final class CountingGate: @unchecked Sendable {
    private let semaphore: UnsafeMutablePointer<sem_t>

    init(_ count: Int) {
        semaphore = .allocate(capacity: 1)
        semaphore.initialize(to: sem_t())
        sem_init(semaphore, 0, UInt32(clamping: max(1, count)))
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func enter() {
        // A signal may end the wait early.
        while sem_wait(semaphore) != 0, errno == EINTR {}
    }

    func leave() { sem_post(semaphore) }
}
