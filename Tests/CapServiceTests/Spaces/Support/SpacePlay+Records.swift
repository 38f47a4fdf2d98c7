import ATProto
import Multiformats

// Writing, and the comparison of everything with the model.
extension SpacePlay {
    /// Writes a batch of one to four records and deletions as one person.
    mutating func write(_ space: Int) throws {
        let person = pick(people.count)
        let mayWrite = model.mayWrite(person, space)
        var repo = model.spaces[space].repos[person] ?? .init()
        let (before, known) = (repo, model.spaces[space].repos[person] != nil)
        var writes: [JSON] = []
        for _ in 0...pick(4) {
            let rkey = "k\(pick(6))"
            let prev = repo.records[rkey]
            let text = "\(pick(50))"
            let type = prev == nil ? "create" : pick(2) == 0 ? "update" : "delete"
            let record: JSON = ["$type": .string(SpaceStage.post), "text": .string(text)]
            var write: JSON = [
                "$type": .string("com.atproto.space.applyWrites#\(type)"), "collection": .string(SpaceStage.post),
                "rkey": .string(rkey),
            ]
            var cid: String?
            if type != "delete", case .object(var members) = write {
                members["value"] = record
                write = .object(members)
                cid = try PreparedRecord(json: record, collection: SpaceStage.post).cid.text
            }
            writes.append(write)
            repo.records[rkey] = cid
            repo.log.append(.init(rkey: rkey, cid: cid, prev: prev))
        }
        let onlyDeletes = writes.allSatisfy { $0["$type"]?.string?.hasSuffix("#delete") == true }
        // Now and then one write of the batch cannot be, and so none is.
        let isBroken = pick(6) == 0
        if isBroken {
            writes.append([
                "$type": "com.atproto.space.applyWrites#update", "collection": .string(SpaceStage.post),
                "rkey": "never", "value": [:],
            ])
        }
        let answer = try post(
            person, "com.atproto.space.applyWrites",
            [
                "space": .string(model.spaces[space].uri), "repo": .string(people[person].did),
                "writes": .array(writes),
            ])
        if !isBroken, mayWrite || (onlyDeletes && model.mayDelete(person, space)) {
            try expect(answer.status == 200, "write to \(space) by \(person): \(answer.text)")
            model.spaces[space].repos[person] = repo
            if mayWrite { model.spaces[space].orphaned.remove(person) }
        } else {
            try expect(answer.status >= 400, "write to \(space) by \(person) should be refused: \(answer.text)")
            if mayWrite { try expect(answer.refusal == "RecordNotFound", answer.text) }
            if known { model.spaces[space].repos[person] = before }
        }
    }

    /// Compares a drawn decision of each kind.
    mutating func compareSample() throws {
        let (space, person) = (pick(model.spaces.count), pick(people.count))
        let uri = model.spaces[space].uri
        let token = try get(person, "com.atproto.space.getDelegationToken", [("space", uri)])
        try expect(
            (token.status == 200) == model.mayRead(person, space), "may \(person) read \(space)? \(token.text)")
        let author = pick(people.count)
        if author != person {
            let query = [("space", uri), ("repo", people[author].did), ("excludeValues", "true")]
            let rows = try get(person, "com.atproto.space.listRecords", query)
            let shown = rows.status == 200 ? rows.json["records"].map(Self.records) : nil
            let expected = model.shown(author, to: person, in: space)
            try expect(shown == expected, "what \(person) sees of \(author) in \(space): \(rows.text)")
        }
        if let one = credentials.randomElement(using: &random) {
            let answer = try one.reader.get("com.atproto.space.listRepos")
            let reads = model.mayRead(one.person, one.space)
            // Who was out for a while has a dead credential, so only the other direction is certain.
            if answer.status == 200 {
                try expect(reads, "a credential of \(one.person) reads \(one.space)")
            } else {
                try expect(answer.refusal == "CredentialRevoked", answer.text)
                credentials.removeAll { $0.reader.credential == one.reader.credential }
            }
        }
    }

    /// Compares lists of members, and every repo with its log and set hash.
    func compareAll() throws {
        for (index, space) in model.spaces.enumerated() {
            try compareMembers(index, space)
            for (person, repo) in space.repos { try compare(repo, of: person, in: space, index) }
        }
    }

    private func compareMembers(_ index: Int, _ space: SpaceModel.Space) throws {
        let answer = try get(space.owner, "com.atproto.simplespace.listMembers", [("space", space.uri)])
        guard !space.isDeleted else { return try expect(answer.status >= 400, "members of the deleted \(index)") }
        var listed: [String: SpaceModel.Level] = [:]
        for entry in answer.json["members"]?.array ?? [] {
            // Reading is narrowed where the word does not say it beside the flag.
            let isSelf = entry["read"] == true && (entry["access"] == "read_self" || entry["access"] == "write_only")
            listed[entry["did"]?.string ?? ""] = .init(
                read: entry["read"] == true, write: entry["write"] == true, readSelf: isSelf)
        }
        let rows = model.members(of: index).filter { $0.key != space.owner }
        let expected = Dictionary(uniqueKeysWithValues: rows.map { (people[$0.key].did, $0.value.shown) })
        listed[people[space.owner].did] = nil
        // A row without any right is on the list, and gives nothing.
        listed = listed.filter { $0.value != .init() }
        try expect(listed == expected, "members of \(index): \(listed), not \(expected)")
    }

    /// Where the log of a repo begins whose predecessor went with the space; the refusal of what is older names it.
    private func placeAfterWhatIsGone(
        _ person: Int, _ space: SpaceModel.Space, _ query: [(String, String)]
    ) throws -> [(String, String)] {
        guard let last = space.lastRevs[person] else { return [] }
        for older in [[], [("since", last)]] {
            let answer = try get(person, "com.atproto.space.listRepoOps", query + older)
            try expect(answer.refusal == "HistoryUnavailable", answer.text)
            if !older.isEmpty, let rev = answer.json["message"]?.string?.split(separator: "`").dropFirst().first {
                try expect(rev > last, answer.text)
                return [("since", String(rev))]
            }
        }
        return []
    }

    private static func records(_ rows: JSON) -> [String: String] {
        Dictionary(
            (rows.array ?? []).map { ($0["rkey"]?.string ?? "", $0["cid"]?.string ?? "") },
            uniquingKeysWith: { $0 + $1 })
    }

    private func compare(_ repo: SpaceModel.Repo, of person: Int, in space: SpaceModel.Space, _ index: Int) throws {
        let query = [("space", space.uri), ("repo", people[person].did)]
        let rows = try get(person, "com.atproto.space.listRecords", query + [("excludeValues", "true")])
        let records = rows.json["records"].map(Self.records) ?? [:]
        try expect(records == repo.records, "records of \(person) in \(index): \(records), not \(repo.records)")

        var (log, cursor, commit): ([SpaceModel.Operation], String?, JSON?) = ([], nil, nil)
        let since = try placeAfterWhatIsGone(person, space, query)
        repeat {
            let more = cursor.map { [("cursor", $0)] } ?? since
            let answer = try get(person, "com.atproto.space.listRepoOps", query + [("limit", "1000")] + more)
            try expect(answer.status == 200, "log of \(person) in \(index): \(answer.text), \(space)")
            let page = answer.json
            for op in page["ops"]?.array ?? [] {
                log.append(.init(rkey: op["rkey"]?.string ?? "", cid: op["cid"]?.string, prev: op["prev"]?.string))
            }
            cursor = page["cursor"]?.string
            commit = page["commit"]
        } while cursor != nil
        try expect(
            log == repo.log, "log of \(person) in \(index): \(log.count) and \(repo.log.count) operations differ")
        var hash = LtHash()
        for (rkey, cid) in repo.records { hash.add(Array("\(SpaceStage.post)/\(rkey)/\(cid)".utf8)) }
        let signed = try commit.map { try SignedCommit(json: $0) }
        try expect(signed?.hash == hash.digest, "the set hash of \(person) in \(index)")
    }
}
