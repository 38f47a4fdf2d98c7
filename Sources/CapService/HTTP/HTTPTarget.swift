/// Splits a request target into path and query (RFC 9112, 3.2).
struct HTTPTarget {
    let path: String
    let rawQuery: String?

    /// Takes the origin form, `*` for OPTIONS, and the absolute form when its authority is the host of the request.
    init(_ target: [UInt8], method: HTTPMethod, host: UnsafeRawBufferPointer) throws(HTTPRefusal) {
        guard let first = target.first, target.allSatisfy(ASCII.isTarget) else { throw .malformedTarget }
        if target == [UInt8(ascii: "*")] && method == .options {
            path = "*"
            rawQuery = nil
            return
        }
        let origin = first == UInt8(ascii: "/") ? target[...] : try Self.afterAuthority(target, host: host)
        guard origin.first == UInt8(ascii: "/") else { throw .malformedTarget }
        let mark = origin.firstIndex(of: UInt8(ascii: "?"))
        path = String(decoding: origin[..<(mark ?? origin.endIndex)], as: UTF8.self)
        rawQuery = mark.map { String(decoding: origin[($0 + 1)...], as: UTF8.self) }
    }

    private static func afterAuthority(_ target: [UInt8], host: UnsafeRawBufferPointer) throws(HTTPRefusal)
        -> ArraySlice<UInt8>
    {
        for scheme in ["http://", "https://"] {
            guard ASCII.equalIgnoringCase(target.prefix(scheme.utf8.count), scheme.utf8) else { continue }
            let rest = target.dropFirst(scheme.utf8.count)
            let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
            guard !authority.isEmpty, ASCII.equalIgnoringCase(authority, host) else { throw .malformedTarget }
            return rest.dropFirst(authority.count)
        }
        throw .malformedTarget
    }
}
