/// Says which table each page of an SQLite database belongs to, by following its trees from the schema
/// (https://www.sqlite.org/fileformat2.html). For a sound database: what does not fit together ends the drill.
struct PageMap {
    /// A table or index, with its table; `free` and `schema` stand for pages of no table.
    struct Owner: Hashable, Comparable {
        let table: String
        let tree: String

        static let schema = Owner(table: "sqlite_schema", tree: "sqlite_schema")
        static let free = Owner(table: "free pages", tree: "free pages")

        static func < (left: Owner, right: Owner) -> Bool { (left.table, left.tree) < (right.table, right.tree) }
    }

    static let pageSize = 4096

    /// Owners of the pages, from page 1 at place 0.
    private(set) var owners: [Owner]
    private let bytes: [UInt8]

    init(_ bytes: [UInt8]) throws {
        self.bytes = bytes
        owners = [Owner](repeating: .free, count: bytes.count / Self.pageSize)
        try walk(1, .schema)
        for (owner, root) in try schema() where root > 0 { try walk(root, owner) }
    }

    /// Pages by owner.
    var pages: [Owner: [Int]] {
        Dictionary(grouping: owners.indices.map { $0 + 1 }, by: { owners[$0 - 1] })
    }

    func owner(at offset: Int) -> Owner { owners[offset / Self.pageSize] }

    /// The offsets of a page that its tree uses: header and pointers, and the cells; all of an overflow page.
    func used(_ page: Int) -> [Range<Int>] {
        let start = (page - 1) * Self.pageSize
        let (header, end) = (page == 1 ? start + 100 : start, start + Self.pageSize)
        guard isTree(page) else { return [start..<end] }
        let pointers = header + (isInterior(page) ? 12 : 8) + 2 * number(header + 3, 2)
        let cells = number(header + 5, 2)
        return [start..<pointers, start + min(cells, Self.pageSize)..<end].filter { !$0.isEmpty }
    }

    // MARK: trees

    private func header(_ page: Int) -> Int { (page - 1) * Self.pageSize + (page == 1 ? 100 : 0) }
    private func isTree(_ page: Int) -> Bool {
        !overflow.contains(page) && [2, 5, 10, 13].contains(bytes[header(page)])
    }
    private func isInterior(_ page: Int) -> Bool { [2, 5].contains(bytes[header(page)]) }

    /// Pages that hold what did not fit into a cell.
    private var overflow: Set<Int> = []

    private mutating func walk(_ root: Int, _ owner: Owner) throws {
        var waiting = [root]
        while let page = waiting.popLast() {
            guard page >= 1, page <= owners.count, owners[page - 1] == .free, isTree(page) else {
                throw DrillFailure("page \(page) of `\(owner.tree)` is no page of a tree")
            }
            owners[page - 1] = owner
            if isInterior(page) { waiting.append(number(header(page) + 8, 4)) }
            for cell in cells(page) {
                if isInterior(page) { waiting.append(number(cell, 4)) }
                guard let payload = payload(of: cell, page), var next = payload.overflow else { continue }
                while next != 0 {
                    guard next <= owners.count, owners[next - 1] == .free else {
                        throw DrillFailure("page \(next) of `\(owner.tree)` belongs to others")
                    }
                    owners[next - 1] = owner
                    overflow.insert(next)
                    next = number((next - 1) * Self.pageSize, 4)
                }
            }
        }
    }

    private func cells(_ page: Int) -> [Int] {
        let header = header(page)
        let pointers = header + (isInterior(page) ? 12 : 8)
        return (0..<number(header + 3, 2)).map { (page - 1) * Self.pageSize + number(pointers + 2 * $0, 2) }
    }

    /// Where the payload of a cell begins, how much of it stands there, and where the rest goes on; nil where a cell has none.
    private func payload(of cell: Int, _ page: Int) -> (start: Int, local: Int, overflow: Int?)? {
        let kind = bytes[header(page)]
        guard kind != 5 else { return nil }
        var place = cell + (kind == 2 ? 4 : 0)
        let size = varint(&place)
        if kind == 13 { _ = varint(&place) }
        let most = kind == 13 ? Self.pageSize - 35 : (Self.pageSize - 12) * 64 / 255 - 23
        guard size > most else { return (place, size, nil) }
        let least = (Self.pageSize - 12) * 32 / 255 - 23
        let fitting = least + (size - least) % (Self.pageSize - 4)
        let local = fitting <= most ? fitting : least
        return (place, local, number(place + local, 4))
    }

    // MARK: the schema

    /// Root pages by the rows of the first tree, whose columns are type, name, table, root page and text.
    private func schema() throws -> [(Owner, Int)] {
        var rows: [(Owner, Int)] = []
        for page in owners.indices.map({ $0 + 1 }) where owners[page - 1] == .schema && isTree(page) {
            guard bytes[header(page)] == 13 else { continue }
            for cell in cells(page) {
                guard let payload = payload(of: cell, page) else { continue }
                let values = try row(payload.start)
                rows.append((Owner(table: values.table, tree: values.name), values.root))
            }
        }
        return rows
    }

    private func row(_ start: Int) throws -> (name: String, table: String, root: Int) {
        var place = start
        let headerSize = varint(&place)
        let kinds = (0..<5).map { _ in varint(&place) }
        var value = start + headerSize
        func text(_ kind: Int) throws -> String {
            guard kind >= 13, kind % 2 == 1 else { throw DrillFailure("a row of the schema is not of its form") }
            defer { value += (kind - 13) / 2 }
            return String(decoding: bytes[value..<value + (kind - 13) / 2], as: UTF8.self)
        }
        _ = try text(kinds[0])
        let (name, table) = (try text(kinds[1]), try text(kinds[2]))
        switch kinds[3] {
        case 1...4: return (name, table, number(value, kinds[3]))
        case 8, 9: return (name, table, kinds[3] - 8)
        case let kind: throw DrillFailure("a root page is of the kind \(kind)")
        }
    }

    private func number(_ offset: Int, _ count: Int) -> Int {
        bytes[offset..<offset + count].reduce(0) { $0 << 8 | Int($1) }
    }

    private func varint(_ place: inout Int) -> Int {
        var value = 0
        for index in 0..<9 {
            let byte = Int(bytes[place])
            place += 1
            if index == 8 { return value << 8 | byte }
            value = value << 7 | byte & 0x7f
            if byte < 0x80 { break }
        }
        return value
    }
}
