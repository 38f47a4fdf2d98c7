import Multiformats
import Storage

/// The headers of a request that say how a use of the key-value plane is meant (docs/protocol/kv.md).
struct KVOptions: Sendable {
    private(set) var precondition: ValuePrecondition?
    /// What a single read need not be answered with again, as it was sent.
    private(set) var known: String?
    /// The most bytes a value may have to be answered.
    private(set) var maxResponseBytes: Int64?
    private(set) var limit: Int?
    private(set) var cursor: String?

    static let maxLimit = 1000

    init(_ headers: HTTPHeaders, for plan: KVPlan, isMultipart: Bool) throws(ErrorAnswer) {
        let match = try Self.single("If-Match", headers)
        let noneMatch = try Self.single("If-None-Match", headers)
        guard try Self.single("X-TinyCloud-Expected-Version", headers) == nil else {
            throw Self.malformed("x-tinycloud-expected-version is not a production precondition; use If-Match")
        }
        guard match == nil || noneMatch == nil else { throw Self.malformed("KV preconditions cannot be combined") }
        let isOne = plan.places.count == 1 && !isMultipart
        if let match {
            guard isOne, plan.verb.changes else {
                throw Self.malformed("If-Match requires exactly one non-multipart KV put or delete")
            }
            guard let digest = ETag.digest(match) else {
                throw Self.malformed("If-Match must be a strong TinyCloud ETag: \"blake3-<64 hex characters>\"")
            }
            precondition = .digest(digest)
        }
        if let noneMatch {
            if plan.verb == .get, isOne {
                known = noneMatch
            } else {
                guard noneMatch == "*" else { throw Self.malformed("If-None-Match only supports * for KV create") }
                guard plan.verb == .put, isOne else {
                    throw Self.malformed("If-None-Match: * requires exactly one non-multipart KV put")
                }
                precondition = .absent
            }
        }
        maxResponseBytes = try Self.positive("x-tinycloud-max-response-bytes", headers)
        if let number = try Self.positive("x-tinycloud-limit", headers) {
            guard number <= Self.maxLimit else {
                throw ErrorAnswer(
                    400, "malformedHeader", "x-tinycloud-limit must be between 1 and \(Self.maxLimit)")
            }
            limit = Int(number)
        }
        cursor = try Self.single("x-tinycloud-cursor", headers)
    }

    /// The one value of a header; given twice it could be read in two ways.
    static func single(_ name: String, _ headers: HTTPHeaders) throws(ErrorAnswer) -> String? {
        let values = headers.values(name)
        guard let value = values.first else { return nil }
        guard values.count == 1, let text = String(validating: value, as: UTF8.self) else {
            throw ErrorAnswer(400, "malformedHeader", "\(name) is given more than once, or is not UTF-8")
        }
        return text
    }

    private static func positive(_ name: String, _ headers: HTTPHeaders) throws(ErrorAnswer) -> Int64? {
        guard let text = try single(name, headers) else { return nil }
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let number = Int64(text), number > 0
        else { throw ErrorAnswer(400, "malformedHeader", "\(name) must be a positive integer") }
        return number
    }

    private static func malformed(_ text: String) -> ErrorAnswer { ErrorAnswer(400, "malformedPrecondition", text) }
}

/// The strong validator of a value: its BLAKE3.
enum ETag {
    static func text(_ digest: Digest) -> String { "\"blake3-\(digest.hex)\"" }

    static func digest(_ text: String) -> Digest? {
        let (start, bytes) = (Array("\"blake3-".utf8), Array(text.utf8))
        guard bytes.count == start.count + 65, bytes.starts(with: start), bytes.last == UInt8(ascii: "\"") else {
            return nil
        }
        return Base16.decode(bytes[start.count..<(bytes.count - 1)]).flatMap { Digest($0) }
    }

    /// True when `If-None-Match` names this value (RFC 9110, 13.1.2).
    static func isNamed(_ digest: Digest, in list: String) -> Bool {
        let own = text(digest)
        return list == "*"
            || list.split(separator: ",").contains { item in
                let tag = item.drop { $0 == " " || $0 == "\t" }
                let trimmed = tag.reversed().drop { $0 == " " || $0 == "\t" }.reversed()
                let text = String(trimmed)
                return text.utf8.elementsEqual(own.utf8) || text.utf8.elementsEqual("W/\(own)".utf8)
            }
    }
}
