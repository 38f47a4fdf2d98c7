/// What a host of spaces should say, kept as plainly as can be: rows and sets, no graph, no tokens.
struct SpaceModel {
    /// What somebody may do in a space; a space's rows hold it for people and for other spaces.
    struct Level: Equatable {
        var read = false
        var write = false
        /// Reads own records only; has nothing else.
        var readSelf = false

        static let named: [String: Level] = [
            "read": Level(read: true), "write": Level(read: true, write: true), "read_self": Level(readSelf: true),
        ]

        func capped(by row: Level) -> Level {
            Level(
                read: read && row.read, write: write && row.write,
                readSelf: (read || readSelf) && (row.read || row.readSelf))
        }

        mutating func merge(_ other: Level) {
            read = read || other.read
            write = write || other.write
            readSelf = readSelf || other.readSelf
        }

        /// What the list says: full reading swallows reading oneself.
        var shown: Level { Level(read: read || readSelf, write: write, readSelf: readSelf && !read) }
    }

    struct Invite {
        let token: String
        let id: String
        let level: String
        let maxUses: Int?
        var uses = 0
        var isRevoked = false
        /// Who was taken off the list after it was made: it brings back nobody.
        var removed: Set<Int> = []
    }

    struct Operation: Equatable {
        let rkey: String
        let cid: String?
        let prev: String?
    }

    struct Repo {
        var records: [String: String] = [:]
        var log: [Operation] = []
    }

    struct Space {
        let owner: Int
        let uri: String
        var isDeleted = false
        var readsPublicly = false
        var writesPublicly = false
        var people: [Int: Level] = [:]
        var spaces: [Int: Level] = [:]
        var invites: [Invite] = []
        var repos: [Int: Repo] = [:]
        /// Whose repos stayed behind when the space was deleted: nobody else sees them until their author writes as one
        /// whom the space admits.
        var orphaned: Set<Int> = []
        /// The last revisions of repos that were deleted; their successors go on above them.
        var lastRevs: [Int: String] = [:]

        mutating func take(off person: Int) {
            guard people.removeValue(forKey: person) != nil else { return }
            for index in invites.indices { invites[index].removed.insert(person) }
        }
    }

    var spaces: [Space] = []

    /// Everybody who is a member of a space directly or through others, at most ten spaces deep.
    func members(of space: Int) -> [Int: Level] {
        var found: [Int: Level] = [:]
        var queue: [(space: Int, depth: Int, cap: Level)] = [(space, 0, Level(read: true, write: true, readSelf: true))]
        var index = 0
        // Every path counts for itself: a space reached twice contributes by the better row of both.
        while index < queue.count {
            let (at, depth, cap) = queue[index]
            index += 1
            guard depth < 10, !spaces[at].isDeleted else { continue }
            // The owner of a space that is a member comes along as one who writes.
            if at != space {
                found[spaces[at].owner, default: Level()].merge(Level(read: true, write: true).capped(by: cap))
            }
            for (person, level) in spaces[at].people { found[person, default: Level()].merge(level.capped(by: cap)) }
            for (inner, row) in spaces[at].spaces where depth < 9 {
                queue.append((inner, depth + 1, row.capped(by: cap)))
            }
            // Circles end by depth; the caps on the way can only shrink, so nothing is found by going round.
            if queue.count > 20_000 { break }
        }
        return found.filter { $0.value != Level() }
    }

    func level(of person: Int, in space: Int) -> Level { members(of: space)[person] ?? Level() }

    func mayRead(_ person: Int, _ space: Int) -> Bool {
        guard !spaces[space].isDeleted else { return false }
        return spaces[space].owner == person || spaces[space].readsPublicly || level(of: person, in: space).read
    }

    /// What is one's own one may always take away, member or not.
    func mayDelete(_ person: Int, _ space: Int) -> Bool { spaces[space].repos[person] != nil }

    /// What somebody is shown of another's records; nil where it is told nothing.
    func shown(_ author: Int, to reader: Int, in space: Int) -> [String: String]? {
        guard mayRead(reader, space) else { return nil }
        return spaces[space].orphaned.contains(author) ? [:] : spaces[space].repos[author]?.records ?? [:]
    }

    func mayWrite(_ person: Int, _ space: Int) -> Bool {
        guard !spaces[space].isDeleted else { return false }
        return spaces[space].owner == person || spaces[space].writesPublicly || level(of: person, in: space).write
    }
}
