/// Finds key files by name in the key folder, or by path.
struct KeyStore: Sendable {
    /// Folder of key files; made when the first key is written.
    let folder: String

    init(home: String) {
        folder = home + "/keys"
    }

    /// Names the file of a key: anything with a slash or ending in `.json` is a path already.
    func path(of name: String) throws(Failure) -> String {
        if name.utf8.contains(UInt8(ascii: "/")) || name.hasSuffix(".json") { return name }
        try EntryName.check(name, what: "key")
        return "\(folder)/\(name).json"
    }

    /// Reads a key; not found when there is none, a failure when others may read it.
    func load(_ name: String) throws(Failure) -> KeyFile {
        let path = try path(of: name)
        guard SystemFile.exists(path) else {
            throw Failure(.notFound, "no key `\(name)`", hint: "`capq key new \(name)` makes one")
        }
        return try KeyFile(PrivateFile.read(path), path: path)
    }

    /// Writes a new key and returns its path; a failure when the name is taken.
    func save(_ key: KeyFile, as name: String) throws(Failure) -> String {
        let path = try path(of: name)
        try PrivateFile.write(key.serialized(), to: path, replaces: false)
        return path
    }
}

extension KeyStore {
    /// Lists the names of key files in the folder, in order.
    func names() -> [String] {
        SystemFile.entries(folder).filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.map { String($0.dropLast(5)) }
    }
}
