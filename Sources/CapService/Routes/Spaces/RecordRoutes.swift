import ATProto
import Multiformats
import Spaces
import UCAN

/// com.atproto.space: writing and reading records (atproto-spaces.md 7, 13.1 to 13.3).
enum RecordRoutes {
    static let methods: [XRPCMethod] = [
        .procedure(
            "com.atproto.space.createRecord", aliases: ["dev.happyview.space.createRecord"],
            bodyLimit: XRPCMethod.recordBodyLimit, create),
        .procedure(
            "com.atproto.space.putRecord", aliases: ["dev.happyview.space.putRecord"],
            bodyLimit: XRPCMethod.recordBodyLimit, put),
        .procedure(
            "com.atproto.space.deleteRecord", aliases: ["dev.happyview.space.deleteRecord"],
            bodyLimit: XRPCMethod.recordBodyLimit, delete),
        .procedure(
            "com.atproto.space.applyWrites", aliases: ["dev.happyview.space.applyWrites"],
            bodyLimit: XRPCMethod.recordBodyLimit, applyWrites),
        .query("com.atproto.space.getRecord", aliases: ["dev.happyview.space.getRecord"], get),
        .query("com.atproto.space.listRecords", aliases: ["dev.happyview.space.listRecords"], list),
    ]

    private static func create(_ call: XRPCCall) throws -> XRPCOutput {
        let write = try WriteCall(call)
        let results = try write.run { [try $0.create()] }
        return .json(.object(try written(results, write)), status: call.isAlias ? 201 : 200)
    }

    private static func put(_ call: XRPCCall) throws -> XRPCOutput {
        let write = try WriteCall(call)
        let results = try write.run { [try $0.put()] }
        let isNew = results.first?.0.action == .create
        return .json(.object(try written(results, write)), status: call.isAlias && isNew ? 201 : 200)
    }

    /// By the older name what is not there is 404, and the answer is `{success}`.
    private static func delete(_ call: XRPCCall) throws -> XRPCOutput {
        _ = try WriteCall(call).run { [try $0.delete()] }
        return .json(call.isAlias ? ["success": true] : [:])
    }

    private static func applyWrites(_ call: XRPCCall) throws -> XRPCOutput {
        let write = try WriteCall(call)
        let results = try write.run { try $0.batch() }
        let rows = results.map { result, item -> JSON in
            var row = JSONObject()
            // The older interface knows no types of results.
            if !call.isAlias { row["$type"] = .string("com.atproto.space.applyWrites#\(kind(item))Result") }
            return .object(described(result, item, write, into: row))
        }
        return .json(["results": .array(rows)])
    }

    private static func kind(_ item: WriteCall.Item) -> String {
        switch item.write {
        case .create: "create"
        case .update, .put: "update"
        case .delete: "delete"
        }
    }

    private static func written(
        _ results: [(WriteOutcome.Result, WriteCall.Item)], _ write: WriteCall
    ) throws -> JSONObject {
        guard let (result, item) = results.first else { throw XRPCError("InternalServerError", "nothing was written") }
        return described(result, item, write, into: JSONObject())
    }

    /// `{uri, cid, validationStatus?}`; nothing of a deletion.
    private static func described(
        _ result: WriteOutcome.Result, _ item: WriteCall.Item, _ write: WriteCall, into object: JSONObject
    ) -> JSONObject {
        guard let cid = result.cid, let author = try? write.repo.author() else { return object }
        var object = object
        object["uri"] = .string("\(write.repo.space)/\(author)/\(result.collection)/\(result.rkey)")
        object["cid"] = .string(cid.text)
        object["validationStatus"] = item.status.map { .string($0.rawValue) }
        return object
    }

    // MARK: reading

    private static func get(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try RepoCall(call)
        let (collection, rkey) = try repo.parsing {
            (try NSID(call.parameters.text("collection")), try RecordKey(call.parameters.text("rkey")))
        }
        let record = try find(repo, collection, rkey)
        var json = JSONWriter(reserving: 512)
        json.beginObject()
        json.key(plain: "uri")
        json.string("\(repo.space)/\(record.author)/\(record.collection)/\(record.rkey)")
        json.key(plain: "cid")
        json.string(record.cid)
        try call.service.recordTexts.write(record, of: repo.space, into: &json)
        json.endObject()
        return .json(json.bytes)
    }

    private static func find(_ repo: RepoCall, _ collection: NSID, _ rkey: RecordKey) throws -> StoredRecord {
        if repo.named != nil {
            let (author, permit) = try repo.reading()
            return try repo.repos.read(permit, of: author) { try $0.record(collection, rkey, of: $1) }
        }
        // Without an author the record is looked for in all repos the caller may read (13.3).
        let everybody: Permit
        switch try repo.readingUnnamed() {
        case .own(let author, let permit):
            return try repo.repos.read(permit, of: author) { try $0.record(collection, rkey, of: $1) }
        case .everybody(let permit): everybody = permit
        }
        let authors = try repo.repos.read(everybody) {
            try $0.authors(of: repo.space, having: collection, rkey, isShown: $1)
        }
        guard authors.count <= 1 else {
            throw XRPCError.invalidRequest("several authors have such a record: name one as `repo`")
        }
        guard let author = try authors.first.map({ try DID($0) }) else {
            throw ATProtoError("RecordNotFound", "the record `\(collection.text)/\(rkey.text)` does not exist")
        }
        return try repo.repos.read(everybody, of: author) { try $0.record(collection, rkey, of: $1) }
    }

    private static func list(_ call: XRPCCall) throws -> XRPCOutput {
        let repo = try RepoCall(call)
        let listing = try repo.parsing { try RecordListing(call) }
        let page = try page(repo, listing)
        var json = JSONWriter(reserving: 4096)
        json.beginObject()
        json.key(plain: "records")
        json.beginArray()
        for record in page.records {
            json.beginObject()
            json.key(plain: "uri")
            json.string("\(repo.space)/\(record.author)/\(record.collection)/\(record.rkey)")
            json.key(plain: "collection")
            json.string(record.collection)
            json.key(plain: "rkey")
            json.string(record.rkey)
            json.key(plain: "cid")
            json.string(record.cid)
            try repo.call.service.recordTexts.write(record, of: repo.space, into: &json)
            json.endObject()
        }
        json.endArray()
        if let cursor = page.cursor {
            json.key(plain: "cursor")
            json.string(cursor)
        }
        json.endObject()
        return .json(json.bytes)
    }

    /// One repo by path, by the older names by age; without an author by age whatever the caller may read, by either name
    /// (13.2).
    private static func page(_ repo: RepoCall, _ listing: RecordListing) throws -> RecordPage {
        let limits = repo.repos.limits
        guard repo.named == nil else {
            let (author, permit) = try repo.reading()
            return try repo.repos.list(permit, of: author) { reader, head in
                repo.call.isAlias
                    ? try reader.recordsByAge(of: head, listing, limits: limits)
                    : try reader.records(of: head, listing, limits: limits)
            }
        }
        switch try repo.readingUnnamed() {
        case .everybody(let permit): return try repo.repos.records(permit, listing)
        case .own(let author, let permit):
            return try repo.repos.list(permit, of: author) {
                try $0.recordsByAge(of: $1, listing, limits: limits)
            }
        }
    }
}

extension RecordListing {
    fileprivate init(_ call: XRPCCall) throws {
        self.init()
        let parameters = call.parameters
        collection = try parameters.optionalText("collection").map { try NSID($0) }
        limit = try parameters.number("limit", in: 1...(call.isAlias ? 100 : 1000), usual: 50)
        cursor = try parameters.optionalText("cursor")
        isReversed = try parameters.flag("reverse")
        let excludes = try parameters.optionalFlag("excludeValues")
        let includes = try parameters.optionalFlag("includeValues")
        includesValues = includes ?? !(excludes ?? call.isAlias)
        if includes == true, excludes == true { throw XRPCError.invalidRequest("values cannot be in and out") }
    }
}

extension JSONWriter {
    /// Writes `value`, a record's DAG-CBOR in its JSON form.
    mutating func member(value bytes: [UInt8]?) throws {
        guard let bytes else { return }
        key(plain: "value")
        RecordData.write(try CBOR.decode(bytes), into: &self)
    }
}

/// Remembers records in their JSON form by their CIDs, which name their bytes for good.
///
/// Bounded in number and each in bytes: 16 MiB at most, with what arrays hold in reserve.
struct RecordTexts: Sendable {
    /// Of each author and space apart: else somebody could write what it supposes that others wrote where it may not read,
    /// or read it elsewhere, and see by the time whether it is read there.
    private struct Name: Hashable {
        let space: String
        let author: String
        let cid: CID
    }

    static let maximumLength = 8192
    private let texts = BoundedCache<Name, [UInt8]>(generation: 512)

    /// Writes `value` of a record whose bytes were checked against its CID; nothing where it has none.
    func write(_ record: StoredRecord, of space: SpaceURI, into json: inout JSONWriter) throws {
        guard let bytes = record.bytes else { return }
        json.key(plain: "value")
        let name = Name(space: space.text, author: record.author, cid: record.cid)
        if let known = texts[name] { return json.raw(known) }
        var value = JSONWriter(reserving: bytes.count * 2)
        RecordData.write(try CBOR.decode(bytes), into: &value)
        let text = value.takeBytes()
        json.raw(text)
        if text.count <= Self.maximumLength { texts.insert(text, for: name) }
    }
}
