import ATProto
import Multiformats
import Spaces
import UCAN

/// Reads the writes of one call into a batch (atproto-spaces.md 7.1, 7.2).
struct WriteCall {
    let repo: RepoCall
    private let input: XRPCInput
    /// What `validate` says; nil checks the records whose lexicon is known.
    private let validates: Bool?

    init(_ call: XRPCCall) throws {
        repo = try RepoCall(call)
        input = call.input
        validates = try repo.parsing { try call.input.optionalFlag("validate") }
    }

    /// A write, and what validation said of its record; nil where there is none or it was not asked.
    struct Item {
        let write: RecordWrite
        var status: LexiconCatalog.RecordStatus?
    }

    /// Makes a batch of what `read` gives, asks the gate for it, and makes the writes.
    func run(_ read: (WriteCall) throws -> [Item]) throws -> [(WriteOutcome.Result, Item)] {
        let author = try repo.author()
        let (items, batch) = try repo.parsing {
            let items = try read(self)
            return (
                items,
                WriteBatch(
                    space: repo.space, author: author.text, writes: items.map(\.write),
                    swapCommit: try input.optionalText("swapCommit"), idempotencyKey: try idempotencyKey())
            )
        }
        let permit = try repo.permit(batch.operation)
        let outcome = try repo.repos.applyWrites(permit, batch, at: repo.call.now)
        return Array(zip(outcome.results, items))
    }

    private func idempotencyKey() throws(XRPCError) -> String? {
        let values = repo.call.request.headers.values("Idempotency-Key")
        guard values.count <= 1 else { throw .invalidRequest("`Idempotency-Key` is given more than once") }
        return values.first.map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: single writes

    func create() throws -> Item {
        try put(input, record: "record") { collection, rkey, record in
            .create(collection: collection, rkey: rkey, record)
        }
    }

    func put() throws -> Item {
        let swap = try swap(input, takesNull: true)
        return try put(input, record: "record") { collection, rkey, record throws(XRPCError) in
            .put(collection: collection, rkey: try required(rkey), record, swap)
        }
    }

    /// Deleting nothing succeeds (reading 8), but by the older name.
    func delete() throws -> Item {
        Item(
            write: .delete(
                collection: try collection(input), rkey: try required(rkey(input)),
                try swap(input, takesNull: false), ifPresent: !repo.call.isAlias))
    }

    // MARK: batches

    static let maxWrites = RepoLimits().maxWrites

    func batch() throws -> [Item] {
        let writes = try input.array("writes")
        guard writes.count <= Self.maxWrites else {
            throw XRPCError.invalidRequest("Too many writes. Max: \(Self.maxWrites)")
        }
        return try writes.map { write in
            guard let object = write.object else { throw XRPCError.invalidRequest("a write is an object") }
            return try operation(XRPCInput(object, isAlias: repo.call.isAlias))
        }
    }

    private func operation(_ write: XRPCInput) throws -> Item {
        let (kind, isTagged) = try kind(write)
        switch kind {
        case .create:
            return try put(write, record: "value") { .create(collection: $0, rkey: $1, $2) }
        case .update:
            // The older encoding creates what is not there (7.1).
            let swap = try swap(write, takesNull: !isTagged)
            return try put(write, record: "value") { collection, rkey, record throws(XRPCError) in
                let rkey = try required(rkey)
                return isTagged
                    ? .update(collection: collection, rkey: rkey, record, swap)
                    : .put(collection: collection, rkey: rkey, record, swap)
            }
        case .delete:
            return Item(
                write: .delete(
                    collection: try collection(write), rkey: try required(rkey(write)),
                    try swap(write, takesNull: false), ifPresent: false))
        }
    }

    private enum Kind: String {
        case create, update, delete
    }

    private static let tagPrefix = "com.atproto.space.applyWrites#"

    /// Tells what a write does, and whether `$type` says so or the older `action`.
    private func kind(_ write: XRPCInput) throws(XRPCError) -> (Kind, isTagged: Bool) {
        var tagged: Kind?
        if let tag = try write.optionalText("$type") {
            guard tag.utf8.starts(with: Self.tagPrefix.utf8),
                let kind = Kind(rawValue: String(tag.dropFirst(Self.tagPrefix.count)))
            else {
                throw .invalidRequest("the `$type` of a write is `\(Self.tagPrefix)create`, `#update` or `#delete`")
            }
            tagged = kind
        }
        guard let action = try write.optionalText("action") else {
            guard let tagged else { throw .invalidRequest("a write has no `$type`") }
            return (tagged, true)
        }
        guard let kind = Kind(rawValue: action), tagged == nil || tagged == kind else {
            throw .invalidRequest("the `action` of a write is `create`, `update` or `delete`, as its `$type` is")
        }
        return (kind, tagged != nil)
    }

    // MARK: parts

    private func put(
        _ input: XRPCInput, record field: XRPCField,
        _ make: (NSID, RecordKey?, PreparedRecord) throws(XRPCError) -> RecordWrite
    ) throws -> Item {
        let collection = try collection(input)
        let rkey = try rkey(input)
        guard let json = try input.value(field) else { throw XRPCError.invalidRequest("`\(field.name)` is missing") }
        let record = try PreparedRecord(json: json, collection: collection.text)
        return Item(
            write: try make(collection, rkey, record), status: try validated(record, collection, rkey))
    }

    private func validated(
        _ record: PreparedRecord, _ collection: NSID, _ rkey: RecordKey?
    ) throws -> LexiconCatalog.RecordStatus? {
        guard validates != false else { return nil }
        let catalog = repo.call.service.lexicons.current.records
        // Most hosts hold no lexicon of a collection; the JSON is then not worth making again.
        guard validates == true || catalog.record(collection.text) != nil else { return .unknown }
        // The key made for a record without one is a TID.
        let key = rkey?.text ?? TID(value: 0).text
        return try catalog.validateRecord(
            RecordData.json(record.value), collection: collection.text, rkey: key, isRequired: validates == true)
    }

    private func collection(_ input: XRPCInput) throws -> NSID { try NSID(try input.text("collection")) }

    private func rkey(_ input: XRPCInput) throws -> RecordKey? {
        try input.optionalText("rkey").map { try RecordKey($0) }
    }

    private func required(_ rkey: RecordKey?) throws(XRPCError) -> RecordKey {
        guard let rkey else { throw .invalidRequest("`rkey` is missing") }
        return rkey
    }

    /// What the record is expected to be; null, where it is taken, says that there must be none (7.2).
    private func swap(_ input: XRPCInput, takesNull: Bool) throws(XRPCError) -> RecordSwap {
        guard let value = try input.value("swapRecord") else { return .anything }
        if value.isNull, takesNull { return .absent }
        guard let cid = value.string else { throw .invalidRequest("`swapRecord` takes a CID") }
        return .cid(cid)
    }
}
