import ATProto
import Multiformats
import UCAN

/// Drives one author: writes records and blobs into both spaces until the service is gone.
// Proof of @unchecked: one thread at a time calls it; the drill joins the threads of a round before the next begins.
final class RepoWorker: @unchecked Sendable {
    struct Counts {
        var batches = 0
        var exchanges = 0
        var inFlight = 0
        var kept = 0
        var checked = 0
    }

    /// One of the two spaces, with what the author's repo there must hold.
    struct Place {
        let space: String
        var journal = RepoJournal()
        /// The head when it was last looked at; nil before the first write.
        var rev: String?
        var spaceRev = ""
    }

    let author: SpaceCast.Author
    let name: Int
    var places: [Place]
    var counts = Counts()
    var violations: [String] = []
    var generator: Generator
    var token: String?
    private var serial = 0

    init(_ name: Int, _ cast: SpaceCast, seed: UInt64) {
        self.name = name
        author = cast.authors[name]
        places = [Place(space: cast.home), Place(space: cast.far)]
        generator = Generator(seed: seed)
    }

    /// Writes one batch after the other until an answer does not come, or so many.
    ///
    /// - Parameter publicURL: Where proofs of possession are for, where that is not where the service listens.
    func load(_ url: String, batches: Int = .max, publicURL: String? = nil) {
        do {
            let connection = try XRPCConnection(url)
            for _ in 0..<batches {
                if generator.once(in: 12) { try exchange(publicURL ?? url, connection) }
                let place = generator.once(in: 5) ? 1 : 0
                let batch = try nextBatch(place, connection)
                places[place].journal.attempt = batch
                try send(batch, to: place, connection)
                places[place].journal.acknowledge(batch)
                counts.batches += 1
            }
        } catch is XRPCConnection.Lost {
            counts.inFlight += places.count { $0.journal.attempt != nil }
            if let last = exchanges.last, last.credential == nil { counts.inFlight += 1 }
        } catch {
            report("a write in order was refused: \(error)")
        }
    }

    /// Sends a batch under its key and holds the answer to what was sent.
    ///
    /// - Parameter paths: The paths there were before the batch; those there are now, unless given.
    func send(
        _ batch: RepoJournal.Batch, to place: Int, _ connection: XRPCConnection, paths: Set<String>? = nil
    ) throws {
        let body = body(batch, in: places[place].space, paths ?? Set(places[place].journal.records.keys))
        let answer = try connection.post(
            "com.atproto.space.applyWrites", body, token, headers: ["Idempotency-Key: \(batch.key)"])
        guard answer.status == 200 else { throw DrillFailure("applyWrites: \(answer.summary)") }
        let cids = (answer.json["results"]?.array ?? []).map { $0["cid"]?.string }
        guard cids == batch.writes.map({ $0.record?.cid.text }) else {
            throw DrillFailure("applyWrites answers other CIDs than were written")
        }
    }

    /// What is sent for a batch where these paths are present before it.
    func body(_ batch: RepoJournal.Batch, in space: String, _ paths: Set<String>) -> JSON {
        var present = paths
        let writes = batch.writes.map { write -> JSON in
            var json = JSONObject()
            let kind = write.record == nil ? "delete" : present.contains(write.path) ? "update" : "create"
            json["$type"] = .string("com.atproto.space.applyWrites#\(kind)")
            json["collection"] = .string(RepoJournal.collection)
            json["rkey"] = .string(write.rkey)
            json["value"] = write.record.map { RecordData.json($0.value) }
            if write.record == nil { present.remove(write.path) } else { present.insert(write.path) }
            return .object(json)
        }
        return ["space": .string(space), "repo": .string(author.did), "writes": .array(writes)]
    }

    /// Signs in again: sessions are short and rounds may be long.
    func signIn(_ connection: XRPCConnection) throws {
        let answer = try connection.post(
            "com.atproto.server.createSession",
            ["identifier": .string(author.did), "password": .string(SpaceCast.password)], nil)
        guard let token = answer.json["accessJwt"]?.string else {
            throw DrillFailure("createSession: \(answer.summary)")
        }
        self.token = token
    }

    private func nextBatch(_ place: Int, _ connection: XRPCConnection) throws -> RepoJournal.Batch {
        serial += 1
        // What is there changes within the batch.
        var present = Set(places[place].journal.records.keys)
        let count = generator.once(in: 10) ? generator.int(in: 20...60) : generator.int(in: 1...5)
        var writes: [RepoJournal.Write] = []
        for index in 0..<count {
            let rkey = "k\(generator.int(in: 0...40))"
            let path = "\(RepoJournal.collection)/\(rkey)"
            if present.contains(path), generator.once(in: 3) {
                writes.append(RepoJournal.Write(rkey: rkey, record: nil))
                present.remove(path)
                continue
            }
            var json: JSONObject = JSONObject()
            json["text"] = .string("\(name)-\(serial)-\(index)")
            if generator.once(in: 12) { json["blob"] = try upload(connection) }
            let record = try PreparedRecord(json: .object(json), collection: RepoJournal.collection)
            writes.append(RepoJournal.Write(rkey: rkey, record: record))
            present.insert(path)
        }
        return RepoJournal.Batch(key: "\(name)-\(serial)", writes: writes)
    }

    private func upload(_ connection: XRPCConnection) throws -> JSON {
        let bytes = blob(generator.int(in: 0...1_000_000))
        let answer = try connection.post(
            "com.atproto.repo.uploadBlob", bytes: bytes, type: "application/x-drill", token)
        guard answer.status == 200, let blob = answer.json["blob"],
            blob["ref"]?["$link"]?.string == CID.ofBlob(bytes).text
        else { throw DrillFailure("uploadBlob: \(answer.summary)") }
        blobs[CID.ofBlob(bytes)] = bytes
        return blob
    }

    /// The latest exchanges of tokens for credentials.
    var exchanges: [Exchange] = []

    /// The bytes of every blob that was sent.
    var blobs: [CID: [UInt8]] = [:]

    private func blob(_ seed: Int) -> [UInt8] {
        let line = Array("blob \(name) \(seed) ".utf8)
        return Array(repeatElement(line, count: 1 + seed % 300).joined())
    }

    func require(_ isTrue: Bool, _ claim: @autoclosure () -> String) {
        counts.checked += 1
        if !isTrue { report(claim()) }
    }

    func report(_ text: String) { violations.append("author \(name): \(text)") }
}
