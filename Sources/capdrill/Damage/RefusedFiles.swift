/// Files that are lost, cut short or not this service's, which it must refuse, say why, and leave as they are.
struct RefusedFiles {
    private let scene: DamageScene
    private let database: [UInt8]

    init(_ scene: DamageScene) {
        self.scene = scene
        database = scene.stopped.files[DataFolder.database] ?? []
    }

    func all(_ generator: inout Generator) throws -> [Damage] {
        try foreign(&generator) + truncated(&generator) + deleted()
    }

    /// Databases that are another's or a newer release's, and pages of noise.
    private func foreign(_ generator: inout Generator) throws -> [Damage] {
        func noise(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) } }
        var newer = database
        // Bytes 60 to 63 of a database hold the number of its format, big-endian.
        newer[63] = 200
        var foreign = database
        foreign.replaceSubrange(68..<72, with: [1, 2, 3, 4])
        var all = [
            replaced("a newer format", newer, "newer"),
            replaced("another program's database", foreign, "another application's database"),
            replaced("garbage", noise(database.count), "not a capability log"),
            replaced("text", Array("not a database\n".utf8), "not a capability log"),
        ]
        for _ in 0..<6 {
            let page = generator.int(in: 1...database.count / PageMap.pageSize - 1)
            let start = page * PageMap.pageSize
            let bytes = database[..<start] + noise(PageMap.pageSize) + database[(start + PageMap.pageSize)...]
            var noisy = replaced("noise in page \(page + 1)", Array(bytes), nil)
            noisy.table = try PageMap(database).owner(at: start).table
            all.append(noisy)
        }
        return all
    }

    private func replaced(_ name: String, _ bytes: [UInt8], _ words: String?) -> Damage {
        var folder = scene.stopped
        folder.files[DataFolder.database] = bytes
        return Damage(name: name, kind: .replaced, file: DataFolder.database, folder: folder, words: words)
    }

    /// Each file cut at several places.
    private func truncated(_ generator: inout Generator) -> [Damage] {
        var all: [Damage] = []
        for (state, folder) in [("stopped", scene.stopped), ("killed", scene.killed)] {
            for (file, bytes) in folder.files.sorted(by: { $0.key < $1.key }) where !bytes.isEmpty {
                let places = [0, 1, 50, 512, 4096, bytes.count / 2, bytes.count - 4096, bytes.count - 1]
                let drawn = (0..<3).map { _ in generator.int(in: 0...bytes.count - 1) }
                for count in Set(places + drawn).filter({ (0..<bytes.count).contains($0) }).sorted() {
                    var cut = folder
                    cut.files[file] = Array(bytes[..<count])
                    all.append(
                        Damage(name: "`\(file)` cut to \(count) bytes, \(state)", kind: .cut, file: file, folder: cut))
                }
            }
        }
        return all
    }

    /// Each file gone, and each pair of files; and the database emptied beside whatever is left.
    private func deleted() -> [Damage] {
        var all: [Damage] = []
        for (state, folder) in [("stopped", scene.stopped), ("killed", scene.killed)] {
            let names = folder.files.keys.sorted()
            for (place, first) in names.enumerated() {
                for second in names[place...] {
                    var left = folder
                    left.files[first] = nil
                    left.files[second] = nil
                    let name = first == second ? "`\(first)` gone" : "`\(first)` and `\(second)` gone"
                    all.append(
                        Damage(
                            name: "\(name), \(state)", kind: .gone, file: first, lost: [first, second], folder: left))
                    guard first == DataFolder.database else { continue }
                    left.files[first] = []
                    all.append(
                        Damage(
                            name: "\(name), emptied, \(state)", kind: .gone, file: first, lost: [first, second],
                            folder: left))
                }
            }
        }
        return all
    }
}
