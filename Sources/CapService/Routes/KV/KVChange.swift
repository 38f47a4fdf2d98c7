import CapabilityGraph
import Multiformats
import Storage
import UCAN

/// A put, a batch of puts or a deletion, read and hashed before it is offered to the store.
struct KVChange: Sendable {
    private enum Kind: Sendable {
        case put([(path: String, value: NewValue)], isBatch: Bool)
        case delete(String)
    }

    private let space: Space
    private let kind: Kind
    private let precondition: ValuePrecondition?
    private let quota: Int64

    init(_ plan: KVPlan, _ request: HTTPRequest, _ settings: Settings) throws(ErrorAnswer) {
        let type = try KVOptions.single("Content-Type", request.headers)
        let isMultipart = plan.verb == .put && (type.map { MultipartForm.isNamed(by: $0) } ?? false)
        let options = try KVOptions(request.headers, for: plan, isMultipart: isMultipart)
        precondition = options.precondition
        quota = Int64(settings.kvQuotaBytes)
        let first = plan.places[0]
        space = first.space
        guard plan.verb == .put else {
            kind = .delete(first.path ?? "")
            return
        }
        if isMultipart, let type {
            kind = .put(try Self.batch(plan, type, request.body, settings), isBatch: true)
            return
        }
        guard plan.places.count == 1 else {
            throw ErrorAnswer(400, "malformedMultipart", "KV batch put requires multipart/form-data")
        }
        try Self.require(request.body.count, settings)
        let value = NewValue(bytes: request.body, headers: try KVHeaders.kept(of: request.headers))
        kind = .put([(first.path ?? "", value)], isBatch: false)
    }

    private static func require(_ count: Int, _ settings: Settings) throws(ErrorAnswer) {
        guard count <= settings.kvValueBytes else {
            throw ErrorAnswer(
                413, "valueTooLarge", "the value has \(count) bytes; at most \(settings.kvValueBytes) are taken")
        }
    }

    /// One part for each path that the token names, all of one space.
    private static func batch(
        _ plan: KVPlan, _ contentType: String, _ body: [UInt8], _ settings: Settings
    ) throws(ErrorAnswer) -> [(path: String, value: NewValue)] {
        func malformed(_ text: String) -> ErrorAnswer { ErrorAnswer(400, "malformedMultipart", text) }
        let paths = plan.places.compactMap(\.path)
        guard plan.places.allSatisfy({ $0.space == plan.places[0].space }) else {
            throw malformed("KV batch put must target one space")
        }
        guard Set(paths).count == paths.count else { throw malformed("Duplicate KV batch put capability for a path") }
        let form: MultipartForm
        do throws(MultipartForm.Malformed) {
            form = try MultipartForm(body, contentType: contentType, maxParts: paths.count)
        } catch {
            throw malformed("the multipart body is malformed: \(error.message)")
        }
        var values: [String: NewValue] = [:]
        var total = 0
        for part in form.parts {
            guard let path = PercentEncoding.decode(part.name.utf8) else {
                throw malformed("Multipart KV part name is not valid percent-encoded UTF-8")
            }
            guard paths.contains(where: { $0.utf8.elementsEqual(path.utf8) }) else {
                throw malformed("Multipart KV part \(path) is not authorized by the invocation")
            }
            guard values[path] == nil else { throw malformed("Duplicate multipart KV part for path \(path)") }
            total += part.bytes.count
            try require(total, settings)
            values[path] = NewValue(bytes: Array(part.bytes), headers: try KVHeaders.kept(of: part))
        }
        let missing = paths.filter { values[$0] == nil }
        guard missing.isEmpty else {
            throw malformed("Missing multipart KV parts for signed paths: \(missing.joined(separator: ", "))")
        }
        return paths.compactMap { path in values[path].map { (path, $0) } }
    }

    /// Makes the change, or says why it is refused and has written nothing.
    func apply(_ transaction: TableChange) throws -> Result<HTTPResponse, ErrorAnswer> {
        let writer = ValueWriter(transaction, quota: quota)
        do {
            switch kind {
            case .put(let values, let isBatch):
                try writer.put(values, in: space, if: precondition)
                guard isBatch else { return .success(Self.answer(ETag.text(values[0].value.digest))) }
                return .success(Self.answer(written: values.map(\.path)))
            case .delete(let path):
                return .success(Self.answer(ETag.text(try writer.delete(path, in: space, if: precondition))))
            }
        } catch let refusal as ValueRefusal {
            return .failure(ErrorAnswer(refusal))
        }
    }

    private static func answer(_ etag: String) -> HTTPResponse { HTTPResponse(status: 200, headers: [("ETag", etag)]) }

    /// `{written, count}`.
    private static func answer(written paths: [String]) -> HTTPResponse {
        var json = JSONWriter()
        json.beginObject()
        json.key("written")
        json.beginArray()
        for path in paths { json.string(path) }
        json.endArray()
        json.key("count")
        json.int(paths.count)
        json.endObject()
        return .json(json.takeBytes())
    }
}

extension ErrorAnswer {
    fileprivate init(_ refusal: ValueRefusal) {
        switch refusal {
        case .preconditionFailed: self.init(412, "preconditionFailed", "KV precondition failed")
        case .missing(let path): self.init(404, "keyNotFound", "No Such Key: \(path)")
        case .full(let used, let limit):
            self.init(
                402, "quotaExceeded", "Storage quota exceeded. Used: \(used) bytes, Limit: \(limit) bytes")
        case .tooLarge(let used, let limit):
            self.init(
                413, "quotaExceeded",
                "Write exceeds remaining storage. Used: \(used) bytes, Limit: \(limit) bytes")
        }
    }
}
