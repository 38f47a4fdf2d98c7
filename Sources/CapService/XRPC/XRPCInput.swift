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
        try typed(field, "a text") { $0.string }
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
