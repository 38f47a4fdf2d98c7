import Glibc

/// Gives a test a folder of its own and removes it with everything in it.
final class Scratch: Sendable {
    let folder: String

    init() {
        var template = Array("/tmp/capability-storage-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { fatalError("cannot make a folder below /tmp") }
        folder = String(decoding: template.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Scratch.removeFolder(folder) }

    func path(_ name: String) -> String { folder + "/" + name }

    static func removeFolder(_ folder: String) {
        for name in names(in: folder) { unlink(folder + "/" + name) }
        rmdir(folder)
    }

    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }
}

/// Reads and writes whole files past the storage module.
enum RawFile {
    static func read(_ path: String) -> [UInt8] {
        guard let file = fopen(path, "rb") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&part, 1, part.count, file)
            if count == 0 { return bytes }
            bytes.append(contentsOf: part[..<count])
        }
    }

    static func write(_ bytes: [UInt8], to path: String) {
        guard let file = fopen(path, "wb") else { fatalError("cannot write \(path)") }
        defer { fclose(file) }
        fwrite(bytes, 1, bytes.count, file)
    }
}
