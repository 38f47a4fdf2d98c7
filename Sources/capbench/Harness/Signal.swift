import Glibc

/// A one-shot event between two threads.
final class Signal: @unchecked Sendable {
    // @unchecked: the semaphore is made for this.
    private let semaphore: UnsafeMutablePointer<sem_t>

    init() {
        semaphore = .allocate(capacity: 1)
        sem_init(semaphore, 0, 0)
    }

    deinit {
        sem_destroy(semaphore)
        semaphore.deallocate()
    }

    func raise() { sem_post(semaphore) }
    func wait() { while sem_wait(semaphore) != 0 {} }
}

/// A folder that is removed with its files.
final class TemporaryFolder {
    let path: String

    init() throws {
        var template = Array("/tmp/capbench-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw BenchError(message: "cannot make a temporary folder") }
        path = String(cString: made)
    }

    deinit {
        guard let folder = opendir(path) else { return }
        while let entry = readdir(folder) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { unlink(path + "/" + name) }
        }
        closedir(folder)
        rmdir(path)
    }
}

struct BenchError: Error {
    let message: String
}
