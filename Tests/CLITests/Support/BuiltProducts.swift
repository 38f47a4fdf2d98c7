import Glibc

/// Finds the programs built beside the tests.
enum BuiltProducts {
    /// Folder of the program that runs the tests, which is where products are linked.
    static let folder: String = {
        var buffer = [CChar](repeating: 0, count: 4_096)
        let count = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        let path = String(decoding: buffer.prefix(max(0, count)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let beside = path.split(separator: "/").dropLast().map { "/" + $0 }.joined()
        if access(beside + "/capq", X_OK) == 0 { return beside }
        return #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined() + "/.build/debug"
    }()

    static var capq: String { folder + "/capq" }
    static var capservice: String { folder + "/capservice" }
}
