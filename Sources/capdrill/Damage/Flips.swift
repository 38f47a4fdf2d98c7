/// Draws the bits that are flipped, so that every file and the pages of every table get some.
struct Flips {
    /// One bit of one file of one of the two folders.
    struct Flip: Sendable {
        let isStopped: Bool
        let file: String
        let offset: Int
        let bit: UInt8
        /// The table or index, or the part of the file.
        let part: String
        var table: String?

        var name: String { "bit \(bit) of byte \(offset) of `\(file)` (\(part))" }
    }

    private let scene: DamageScene
    private var generator: Generator

    init(_ scene: DamageScene, _ generator: Generator) {
        self.scene = scene
        self.generator = generator
    }

    /// Of twenty flips twelve fall on the database after a stop, one on the one whose newest pages stand in the write-ahead
    /// log, four on that log, two on the key file, one on the file that counts commits.
    mutating func draw(_ count: Int) throws -> [Flip] {
        let pages = try PageMap(scene.stopped.files[DataFolder.database] ?? [])
        // The trees take turns, tables before indexes, in an order of their own each time around.
        var trees: [PageMap.Owner] = []
        var flips: [Flip] = []
        for number in 0..<count {
            switch number % 20 {
            case 0...11:
                if trees.isEmpty { trees = pages.pages.keys.sorted().shuffled(using: &generator) }
                flips.append(flip(in: trees.removeLast(), pages))
            case 12: flips.append(flip(DataFolder.database, "under a write-ahead log"))
            case 13...16: flips.append(flip(DataFolder.writeAhead, "frames"))
            case 17, 18: flips.append(flip(DataFolder.keyFile, "the key"))
            default: flips.append(flip(DataFolder.head, "the number of commits"))
            }
        }
        return flips
    }

    /// Three of four within what the page uses.
    private mutating func flip(in tree: PageMap.Owner, _ map: PageMap) -> Flip {
        let pages = map.pages[tree] ?? [1]
        let page = pages[generator.int(in: 0...pages.count - 1)]
        var offset = (page - 1) * PageMap.pageSize + generator.int(in: 0...PageMap.pageSize - 1)
        if !generator.once(in: 4) {
            let used = Array(map.used(page).joined())
            offset = used[generator.int(in: 0...used.count - 1)]
        }
        return Flip(
            isStopped: true, file: DataFolder.database, offset: offset, bit: UInt8(generator.int(in: 0...7)),
            part: tree.tree == tree.table ? tree.table : "\(tree.table): \(tree.tree)", table: tree.table)
    }

    private mutating func flip(_ file: String, _ part: String) -> Flip {
        let count = scene.killed.files[file]?.count ?? 0
        return Flip(
            isStopped: false, file: file, offset: generator.int(in: 0...max(0, count - 1)),
            bit: UInt8(generator.int(in: 0...7)), part: part)
    }
}
