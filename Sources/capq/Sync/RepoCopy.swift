import ATProto
import Multiformats

/// Holds what a folder has of one author's repo: the verified revision and the CID of each record.
struct RepoCopy: Sendable, Equatable {
    static let schema = "capq/sync-repo/1"
    /// Bytes of the largest state file read: a million records of usual length.
    static let limit = 256 << 20

    let did: String
    let rev: String
    /// Set hash, 32 bytes.
    let hash: [UInt8]
    /// By `COLLECTION/RKEY`.
    let records: [String: CID]

    init(did: String, rev: String, hash: [UInt8], records: [String: CID]) {
        self.did = did
        self.rev = rev
        self.hash = hash
        self.records = records
    }

    /// Reads a state file, a head and a line for each record; nil when it is damaged, so that the repo is fetched anew.
    init?(_ bytes: [UInt8]) {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: true)[...]
        guard let head = lines.popFirst().flatMap({ Head(Array($0)) }), lines.count == head.count else { return nil }
        var records: [String: CID] = [:]
        records.reserveCapacity(head.count)
        for line in lines {
            guard let blank = line.firstIndex(of: UInt8(ascii: " ")), let cid = try? CID(text: line[..<blank]) else {
                return nil
            }
            records[String(decoding: line[(blank + 1)...], as: UTF8.self)] = cid
        }
        guard records.count == head.count else { return nil }
        self.init(did: head.did, rev: head.rev, hash: head.hash, records: records)
    }

    /// The first line of a state file, enough to see whether anything changed.
    struct Head: Sendable, Equatable {
        let did: String
        let rev: String
        let hash: [UInt8]
        let count: Int

        init(did: String, rev: String, hash: [UInt8], count: Int) {
            self.did = did
            self.rev = rev
            self.hash = hash
            self.count = count
        }

        init?(_ line: [UInt8]) {
            guard let json = try? JSON.parse(line), json["schema"]?.string == RepoCopy.schema,
                let did = json["did"]?.string, let rev = json["rev"]?.string, TID.isValid(rev),
                let hash = json["hash"]?.string.flatMap({ Base64URL.decode($0.utf8) }), hash.count == 32,
                let count = json["records"]?.number?.int64, count >= 0, let count = Int(exactly: count)
            else { return nil }
            self.init(did: did, rev: rev, hash: hash, count: count)
        }

        var line: String {
            var object = JSONObject(schema: RepoCopy.schema)
            object["did"] = .string(did)
            object["rev"] = .string(rev)
            object["hash"] = .string(Base64URL.encode(hash))
            object["records"] = .number(JSONNumber(count))
            return JSONPrinter.line(.object(object))
        }
    }

    var head: Head { Head(did: did, rev: rev, hash: hash, count: records.count) }

    /// Writes the state file, records in order.
    func serialized() -> [UInt8] {
        var bytes = Array((head.line + "\n").utf8)
        for (path, cid) in records.sorted(by: { UTF8Bytes.precedes($0.key, $1.key) }) {
            bytes += Array(cid.text.utf8)
            bytes.append(UInt8(ascii: " "))
            bytes += Array(path.utf8)
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }

    /// Starts a fold from the copy; nil when the records do not have the set hash any more.
    func fold() -> OplogFold? {
        let fold = OplogFold(records: records, rev: rev)
        return fold.hash.digest == hash ? fold : nil
    }
}
