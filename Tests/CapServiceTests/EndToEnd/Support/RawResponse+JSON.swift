import Multiformats

extension RawResponse {
    /// The body as strict JSON; null when it is none.
    var json: JSON { (try? JSON.parse(body, limits: JSONLimits(maxBytes: 1 << 26, maxMembers: 1 << 22))) ?? .null }

    /// The stable reason that every refusal carries.
    var reason: String? { header("x-capability-reason") }
}

extension JSON {
    /// The texts of an array; empty for other values.
    var strings: [String] { array?.compactMap(\.string) ?? [] }

    /// The names of an object's members, in order.
    var keys: [String] { object?.members.map(\.key) ?? [] }

    func texts(_ member: String) -> [String] { array?.compactMap { $0[member]?.string } ?? [] }
}
