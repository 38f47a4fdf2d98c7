import Multiformats

/// Reads the members of a JSON body by type; two spellings that disagree are refused.
struct XRPCInput: Sendable {
    let object: JSONObject
    private let isAlias: Bool

    init(_ object: JSONObject, isAlias: Bool) {
        self.object = object
        self.isAlias = isAlias
    }

    /// Gives the value under any spelling, null included; nil when absent.
    func value(_ field: XRPCField) throws(XRPCError) -> JSON? {
        var found: JSON?
        for name in field.names(isAlias: isAlias) {
            guard let value = object[name] else { continue }
            if let found, found != value {
                throw .invalidRequest("`\(field.name)` is given in two spellings that disagree")
            }
            found = value
        }
        return found
    }

    func has(_ field: XRPCField) throws(XRPCError) -> Bool { try value(field) != nil }

    func optionalText(_ field: XRPCField) throws(XRPCError) -> String? {
        let text = try typed(field, "a text") { $0.string }
        // Not every database keeps it in a text; a query string cannot hold it.
        guard text?.utf8.contains(0) != true else {
            throw .invalidRequest("`\(field.name)` holds the character U+0000")
        }
        return text
    }

    func text(_ field: XRPCField) throws(XRPCError) -> String { try required(field, optionalText(field)) }

    func optionalFlag(_ field: XRPCField) throws(XRPCError) -> Bool? {
        try typed(field, "`true` or `false`") { $0.bool }
    }

    func optionalObject(_ field: XRPCField) throws(XRPCError) -> JSONObject? {
        try typed(field, "an object") { $0.object }
    }

    func object(_ field: XRPCField) throws(XRPCError) -> JSONObject { try required(field, optionalObject(field)) }

    func optionalArray(_ field: XRPCField) throws(XRPCError) -> [JSON]? {
        try typed(field, "an array") { $0.array }
    }

    func array(_ field: XRPCField) throws(XRPCError) -> [JSON] { try required(field, optionalArray(field)) }

    /// Gives a whole number within `range`; nil when absent.
    func optionalNumber(_ field: XRPCField, in range: ClosedRange<Int>) throws(XRPCError) -> Int? {
        let takes = "a whole number from \(range.lowerBound) to \(range.upperBound)"
        return try typed(field, takes) { value in
            guard let number = value.number?.int64, range.contains(Int(number)) else { return nil }
            return Int(number)
        }
    }

    private func required<Value>(_ field: XRPCField, _ value: Value?) throws(XRPCError) -> Value {
        guard let value else { throw .invalidRequest("`\(field.name)` is missing") }
        return value
    }

    private func typed<Value>(_ field: XRPCField, _ takes: String, _ read: (JSON) -> Value?) throws(XRPCError) -> Value?
    {
        guard let value = try value(field) else { return nil }
        guard let typed = read(value) else { throw .invalidRequest("`\(field.name)` takes \(takes)") }
        return typed
    }
}

/// Reads the body of a procedure by its media type and size.
enum XRPCBody {
    /// Gives the JSON object, empty without a body; bytes are left where they are.
    static func read(_ method: XRPCMethod, _ request: HTTPRequest) throws(XRPCError) -> JSONObject {
        guard request.body.count <= method.bodyLimit else {
            throw XRPCError("PayloadTooLarge", "the body is larger than \(method.bodyLimit) bytes")
        }
        guard method.verb == .procedure, method.body == .json, !request.body.isEmpty else { return JSONObject() }
        guard let type = request.headers["Content-Type"], isJSON(type) else {
            throw .invalidRequest("the body must be sent as `application/json`")
        }
        let json: JSON
        do throws(MultiformatsError) {
            json = try JSON.parse(request.body)
        } catch {
            throw .invalidRequest("the body is not strict JSON: \(error.message)")
        }
        guard case .object(let object) = json else { throw .invalidRequest("the body is not a JSON object") }
        return object
    }

    private static func isJSON(_ type: String) -> Bool {
        let essence = type.utf8.prefix { $0 != UInt8(ascii: ";") }
        let trimmed = essence.filter { !ASCII.isBlank($0) }
        return ASCII.equalIgnoringCase(trimmed, "application/json".utf8)
    }
}

/// Names one parameter or member, with the spellings it had in other versions of the protocol.
struct XRPCField: Sendable, ExpressibleByStringLiteral {
    let name: String
    /// Spellings taken under every namespace, such as `type` for `spaceType`.
    let spellings: [String]
    /// Spellings taken under HappyView's names only, such as `spaceUri` for `space` (atproto-spaces.md 16).
    let legacy: [String]

    init(_ name: String, or spellings: [String] = [], legacy: [String] = []) {
        self.name = name
        self.spellings = spellings
        self.legacy = legacy
    }

    init(stringLiteral name: String) { self.init(name) }

    /// Every spelling a call of that namespace may use.
    func names(isAlias: Bool) -> [String] { [name] + spellings + (isAlias ? legacy : []) }

    static let space = XRPCField("space", legacy: ["spaceUri"])
    static let did = XRPCField("did", legacy: ["memberDid"])
    static let spaceType = XRPCField("spaceType", or: ["type"], legacy: ["typeNsid"])
    static let repoRev = XRPCField("repoRev", or: ["rev"])
}
