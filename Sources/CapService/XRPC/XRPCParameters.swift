import Multiformats

/// Reads the parameters of a query string by type; a repeated single parameter is refused.
struct XRPCParameters: Sendable {
    private let query: HTTPQuery
    private let isAlias: Bool

    init(_ query: HTTPQuery, isAlias: Bool) {
        self.query = query
        self.isAlias = isAlias
    }

    /// Gives the text under any spelling; nil when absent, a refusal when two spellings disagree.
    func optionalText(_ field: XRPCField) throws(XRPCError) -> String? {
        var found: String?
        for name in field.names(isAlias: isAlias) {
            guard let value = try single(name) else { continue }
            if let found, !UTF8Bytes.equal(found, value) {
                throw .invalidRequest("`\(field.name)` is given in two spellings that disagree")
            }
            found = value
        }
        return found
    }

    private func single(_ name: String) throws(XRPCError) -> String? {
        var found: String?
        for item in query.items where UTF8Bytes.equal(item.name, name) {
            guard found == nil else { throw .invalidRequest("`\(name)` is given more than once") }
            found = item.value
        }
        return found
    }

    func text(_ field: XRPCField) throws(XRPCError) -> String {
        guard let value = try optionalText(field) else { throw .invalidRequest("`\(field.name)` is missing") }
        return value
    }

    /// The names of all parameters, those of no meaning here among them.
    var names: [String] { query.items.map(\.name) }

    /// Gives every value of a parameter that may be repeated.
    func texts(_ name: String) -> [String] { query.values(name) }

    /// Gives a whole number in decimal within `range`; `usual` when absent.
    func number(_ field: XRPCField, in range: ClosedRange<Int>, usual: Int) throws(XRPCError) -> Int {
        guard let text = try optionalText(field) else { return usual }
        guard let value = Int(text), text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), range.contains(value) else {
            throw .invalidRequest(
                "`\(field.name)` takes a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// Gives `true` or `false`; nil when absent.
    func optionalFlag(_ field: XRPCField) throws(XRPCError) -> Bool? {
        switch try optionalText(field) {
        case nil: return nil
        case "true": return true
        case "false": return false
        default: throw .invalidRequest("`\(field.name)` takes `true` or `false`")
        }
    }

    func flag(_ field: XRPCField) throws(XRPCError) -> Bool { try optionalFlag(field) ?? false }
}
