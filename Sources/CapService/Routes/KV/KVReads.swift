import CapabilityGraph
import Multiformats
import Storage
import UCAN

extension Service {
    /// Answers a get, a metadata read, a batch of either, or a listing (docs/protocol/kv.md). Waits for the disk.
    func readValues(
        _ plan: KVPlan, _ question: InvocationQuestion, _ headers: HTTPHeaders, _ snapshot: Snapshot, at now: Timestamp
    ) throws(ErrorAnswer) -> HTTPResponse {
        let options = try KVOptions(headers, for: plan, isMultipart: false)
        do {
            switch plan.verb {
            case .list: return try listing(plan.places[0], question, options, snapshot, at: now)
            case .get, .metadata:
                guard plan.places.count > 1 else { return try one(plan.places[0], plan.verb, options) }
                return try batch(plan, options)
            case .put, .delete: throw ErrorAnswer.multipleOutcomes
            }
        } catch let failure as ErrorAnswer {
            throw failure
        } catch let error as StorageError {
            throw ErrorAnswer(.storage(error))
        } catch {
            throw ErrorAnswer(500, "internal", "database error: internal", detail: "\(error)")
        }
    }

    private func one(_ place: KVPlan.Place, _ verb: KVPlan.Verb, _ options: KVOptions) throws -> HTTPResponse {
        let path = place.path ?? ""
        let found = try store.read { tables -> StoredValue? in
            let reader = ValueReader(tables)
            guard let value = try reader.value(at: path, in: place.space, withBytes: false) else { return nil }
            guard verb == .get, !isKnown(value, options) else { return value }
            try require(value.size, within: options.maxResponseBytes)
            return try reader.value(at: path, in: place.space, withBytes: true)
        }
        guard let found else { throw ErrorAnswer(404, "keyNotFound", "Key not found") }
        let headers = found.outgoing + Self.guarding
        if verb == .get, isKnown(found, options) { return HTTPResponse(status: 304, headers: headers) }
        return HTTPResponse(
            status: 200, headers: headers, body: verb == .get && !found.bytes.isEmpty ? .bytes(found.bytes) : .empty)
    }

    private func isKnown(_ value: StoredValue, _ options: KVOptions) -> Bool {
        options.known.map { ETag.isNamed(value.digest, in: $0) } ?? false
    }

    /// What one asks for is no page of this service's address.
    private static let guarding = [
        ("X-Content-Type-Options", "nosniff"), ("Content-Security-Policy", "default-src 'none'; sandbox"),
    ]

    private func require(_ size: Int64, within limit: Int64?) throws(ErrorAnswer) {
        guard let limit, size > limit else { return }
        throw ErrorAnswer(
            413, "responseTooLarge",
            "KV response is \(size) bytes, exceeding the requested limit of \(limit) bytes")
    }

    /// `{results: [{key, ok, dataBase64?, headers?, error?}]}`, in the order of the token.
    private func batch(_ plan: KVPlan, _ options: KVOptions) throws -> HTTPResponse {
        var json = JSONWriter()
        try store.read { tables in
            let reader = ValueReader(tables)
            // First without the bytes, so that what is too much is refused before any of it is read.
            var total: Int64 = 0
            for place in plan.places where plan.verb == .get {
                let size = try reader.value(at: place.path ?? "", in: place.space, withBytes: false)?.size ?? 0
                try require(size, within: options.maxResponseBytes)
                total += size
            }
            guard total <= Int64(settings.kvValueBytes) else {
                throw ErrorAnswer(
                    413, "responseTooLarge",
                    "the values have \(total) bytes together; at most \(settings.kvValueBytes) are answered at once")
            }
            json.beginObject()
            json.key("results")
            json.beginArray()
            for place in plan.places {
                let path = place.path ?? ""
                let value = try reader.value(at: path, in: place.space, withBytes: plan.verb == .get)
                write(path, value, plan.verb, &json)
            }
            json.endArray()
            json.endObject()
        }
        var response = HTTPResponse.json(json.takeBytes())
        response.headers += Self.guarding
        return response
    }

    private func write(_ path: String, _ value: StoredValue?, _ verb: KVPlan.Verb, _ json: inout JSONWriter) {
        json.beginObject()
        json.key("key")
        json.string(path)
        json.key("ok")
        json.bool(value != nil)
        if let value {
            if verb == .get {
                json.key("dataBase64")
                json.string(Base64.encode(value.bytes, padded: true))
            }
            json.key("headers")
            json.beginObject()
            for (name, text) in value.outgoing {
                json.key(name.lowercased())
                json.string(text)
            }
            if verb == .get {
                json.key("content-length")
                json.string(String(value.size))
            }
            json.endObject()
        } else {
            json.key("error")
            json.beginObject()
            json.key("code")
            json.string("KV_NOT_FOUND")
            json.key("message")
            json.string("Key not found: \(path)")
            json.endObject()
        }
        json.endObject()
    }

    /// A JSON array of paths, in the order of their bytes; whole, or a page that says so.
    private func listing(
        _ place: KVPlan.Place, _ question: InvocationQuestion, _ options: KVOptions, _ snapshot: Snapshot,
        at now: Timestamp
    ) throws -> HTTPResponse {
        let prefix = wholeIsMeant(place, question, snapshot, at: now) ? nil : place.path
        var after: String?
        if let cursor = options.cursor {
            guard let bytes = Base64URL.decode(cursor.utf8), bytes.first == UInt8(ascii: "/"),
                let text = String(validating: bytes.dropFirst(), as: UTF8.self), Resource.pathContains(prefix, text)
            else { throw ErrorAnswer(400, "malformedCursor", "Invalid KV list cursor") }
            after = text
        }
        let most = settings.maxListRows > 0 ? settings.maxListRows : Int(Int32.max)
        let page = try store.read {
            try ValueReader($0).paths(
                in: place.space, under: prefix, after: after, limit: options.limit ?? most,
                maxBytes: options.limit == nil ? settings.kvValueBytes : .max)
        }
        var json = JSONWriter()
        json.beginArray()
        for path in page.paths { json.string(path) }
        json.endArray()
        // Without a limit a client takes the answer for everything, so it is that or a refusal.
        guard options.limit != nil || (page.isComplete && json.bytes.count <= settings.kvValueBytes) else {
            throw ErrorAnswer(
                413, "tooManyRows",
                "the listing is longer than an answer may be; ask for pages with `x-tinycloud-limit`")
        }
        var response = HTTPResponse.json(json.takeBytes())
        response.headers += Self.guarding
        response.headers.append(("x-tinycloud-truncated", page.isComplete ? "false" : "true"))
        if !page.isComplete, let last = page.paths.last {
            // The slash before it keeps the cursor of the empty path from being empty, which no header may be.
            response.headers.append(("x-tinycloud-next-cursor", Base64URL.encode(Array("/\(last)".utf8))))
        }
        return response
    }

    /// Clients ask for everything by the empty path, which by the rule of paths contains only itself and what begins with a
    /// slash. So the gate is asked once more: whoever may list all of the service is shown all of it.
    private func wholeIsMeant(
        _ place: KVPlan.Place, _ question: InvocationQuestion, _ snapshot: Snapshot, at now: Timestamp
    ) -> Bool {
        guard let path = place.path else { return true }
        guard path.isEmpty else { return false }
        var whole = place.capability
        whole.resource = .tinycloud(space: place.space, service: "kv", path: nil, suffix: "")
        var wider = question
        wider.capabilities = [whole]
        return (try? snapshot.checkUse(wider, at: now)) != nil
    }
}

extension StoredValue {
    /// The headers that an answer with this value has of its own.
    fileprivate var outgoing: [(String, String)] {
        headers.map { ($0.name, $0.value) } + [("ETag", ETag.text(digest)), ("Last-Modified", updatedAt.httpDate)]
    }
}
