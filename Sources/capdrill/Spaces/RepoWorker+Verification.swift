import ATProto
import Multiformats
import UCAN

/// Holds the service, once it is back, to what it said about an author's repos.
extension RepoWorker {
    func verify(_ url: String, isLast: Bool) {
        do {
            let connection = try XRPCConnection(url)
            try signIn(connection)
            for place in places.indices {
                try settle(place, connection)
                guard !places[place].journal.records.isEmpty || places[place].rev != nil else { continue }
                try verifyLog(place, connection)
                try verifyBlobs(place, connection)
                if isLast { try verifyExport(place, connection) }
            }
            try verifyListing(connection)
            try verifyExchanges(url, connection)
        } catch is XRPCConnection.Lost {
            report("the service went away while it was looked at")
        } catch {
            report("\(error)")
        }
    }

    private func get(
        _ nsid: String, _ place: Int, _ more: [(String, String)], _ connection: XRPCConnection
    ) throws -> XRPCConnection.Answer {
        let answer = try connection.get(
            nsid, [("space", places[place].space), ("repo", author.did)] + more, token)
        guard answer.status == 200 else { throw DrillFailure("\(nsid): \(answer.summary)") }
        return answer
    }

    /// The records as they are listed, each with the value its CID names.
    private func listed(_ place: Int, _ connection: XRPCConnection) throws -> [String: CID] {
        // One that nothing was written to lists as empty.
        let answer = try get("com.atproto.space.listRecords", place, [("limit", "1000")], connection)
        var found: [String: CID] = [:]
        for row in answer.json["records"]?.array ?? [] {
            guard let collection = row["collection"]?.string, let rkey = row["rkey"]?.string, let value = row["value"],
                let cid = row["cid"]?.string
            else { throw DrillFailure("listRecords: \(answer.summary)") }
            let record = try PreparedRecord(json: value, collection: collection)
            require(record.cid.text == cid, "the record \(rkey) is not what its CID names")
            found["\(collection)/\(rkey)"] = record.cid
        }
        return found
    }

    /// A batch without an answer was made whole or not at all; sent again under its key it is made once. So is the last
    /// one that was answered.
    private func settle(_ place: Int, _ connection: XRPCConnection) throws {
        let found = try listed(place, connection)
        let journal = places[place].journal
        if let attempt = journal.attempt {
            let isKept = found == journal.after(attempt)
            require(isKept || found == journal.cids, "a batch in flight is half there")
            if isKept { counts.kept += 1 }
            try send(attempt, to: place, connection)
            places[place].journal.acknowledge(attempt)
        } else {
            require(found == journal.cids, "acknowledged writes are missing, or others are there")
        }
        if let last = places[place].journal.last, generator.once(in: 4) {
            let before = try commit(place, connection).rev
            try send(last.batch, to: place, connection, paths: last.paths)
            require(try commit(place, connection).rev == before, "a batch sent again under its key was made again")
        }
        require(try listed(place, connection) == places[place].journal.cids, "the records are not those written")
    }

    private func commit(_ place: Int, _ connection: XRPCConnection) throws -> SignedCommit {
        try verified(try get("com.atproto.space.getLatestCommit", place, [], connection).json["commit"], place)
    }

    private func verified(_ json: JSON?, _ place: Int) throws -> SignedCommit {
        let commit = try SignedCommit(json: json ?? .null)
        try commit.verify(space: places[place].space, author: author.did, key: author.key)
        return commit
    }

    /// The log since the last look is the acknowledged steps in order, its revisions only go up, and it ends at a commit
    /// over the set hash of exactly these records.
    private func verifyLog(_ place: Int, _ connection: XRPCConnection) throws {
        let known = places[place].rev
        var last = known ?? ""
        var steps: [RepoJournal.Step] = []
        var cursor: String?
        var head: SignedCommit?
        repeat {
            var query = [("limit", "1000"), ("excludeValues", "true")]
            if let known { query.append(("since", known)) }
            if let cursor { query.append(("cursor", cursor)) }
            let page = try get("com.atproto.space.listRepoOps", place, query, connection).json
            for op in page["ops"]?.array ?? [] {
                let rev = op["rev"]?.string ?? ""
                require(rev >= last && rev > (known ?? ""), "the log goes back from \(last) to \(rev)")
                last = rev
                steps.append(
                    RepoJournal.Step(
                        path: "\(op["collection"]?.string ?? "")/\(op["rkey"]?.string ?? "")",
                        cid: try op["cid"]?.string.map { try CID(atproto: $0) },
                        prev: try op["prev"]?.string.map { try CID(atproto: $0) }))
            }
            cursor = page["cursor"]?.string
            if cursor == nil { head = try verified(page["commit"], place) }
        } while cursor != nil
        require(steps == places[place].journal.steps, "the log is not what was written")
        require(head?.rev == last, "the head is at \(head?.rev ?? "nothing") and the log at \(last)")
        require(head?.hash == places[place].journal.hash.digest, "the set hash is not that of the records")
        places[place].journal.verifiedSteps()
        places[place].rev = last
    }

    private func verifyBlobs(_ place: Int, _ connection: XRPCConnection) throws {
        let wanted = places[place].journal.blobs
        let cids = try get("com.atproto.space.listBlobs", place, [("limit", "1000")], connection).json["cids"]
        let found = Set((cids?.array ?? []).compactMap(\.string))
        require(found == Set(wanted.map(\.text)), "the blobs are not those that records refer to")
        guard let cid = wanted.randomElement(using: &generator) else { return }
        let bytes = try get("com.atproto.space.getBlob", place, [("cid", cid.text)], connection).body
        require(bytes == blobs[cid], "the blob \(cid) is not what was uploaded")
    }

    private func verifyExport(_ place: Int, _ connection: XRPCConnection) throws {
        let archive = try get("com.atproto.space.getRepo", place, [], connection).body
        var verifier = SpaceCARVerifier(
            space: places[place].space, author: author.did, key: author.key, expectedRev: places[place].rev)
        verifier.append(archive)
        var records: [String: CID] = [:]
        while let part = try verifier.next() {
            if case .record(let entry, _) = part { records[entry.path] = entry.cid }
        }
        try verifier.finish()
        require(records == places[place].journal.cids, "the export is not the repo")
    }

    /// The space lists its writer at the head of its repo, and its own revision only goes up.
    private func verifyListing(_ connection: XRPCConnection) throws {
        let place = places[0]
        guard let rev = place.rev else { return }
        let answer = try connection.get(
            "com.atproto.space.listRepos", [("space", place.space), ("limit", "1000")], token)
        let entry = answer.json["repos"]?.array?.first { $0["did"]?.string == author.did }
        require(entry?["rev"]?.string == rev, "the space lists the repo at \(entry?["rev"]?.string ?? answer.summary)")
        require(
            entry?["hash"] == RecordData.json(.bytes(place.journal.hash.digest)), "the space lists another set hash")
        let spaceRev = answer.json["spaceRev"]?.string ?? ""
        require(spaceRev >= place.spaceRev, "the space goes back from \(place.spaceRev) to \(spaceRev)")
        places[0].spaceRev = spaceRev
    }
}
