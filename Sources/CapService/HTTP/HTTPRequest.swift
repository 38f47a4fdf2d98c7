import Multiformats

/// Holds one complete request as it was received.
struct HTTPRequest: Sendable {
    let method: HTTPMethod
    /// The path of the target before its `?`, raw: still percent-encoded, ASCII, starting with `/` (or `*` alone).
    let path: String
    /// What follows the first `?` of the target, raw; nil without one.
    let rawQuery: String?
    let headers: HTTPHeaders
    let body: [UInt8]
    /// The address of the peer without its port.
    let remoteAddress: String

    init(
        method: HTTPMethod,
        path: String,
        rawQuery: String? = nil,
        headers: HTTPHeaders = HTTPHeaders(),
        body: [UInt8] = [],
        remoteAddress: String = "127.0.0.1"
    ) {
        self.method = method
        self.path = path
        self.rawQuery = rawQuery
        self.headers = headers
        self.body = body
        self.remoteAddress = remoteAddress
    }

    /// What limits of how often count the client as.
    var clientNetwork: String { IPAddress(remoteAddress)?.network ?? remoteAddress }
    /// What the client counts as where something is shared out.
    var clientShare: String { IPAddress.share(of: remoteAddress) }

    /// Decodes the query on each call; nil when it is malformed, empty when there is none.
    var query: HTTPQuery? {
        HTTPQuery(rawQuery ?? "")
    }
}

/// Names what a request asks to be done with its target; method names are case-sensitive tokens (RFC 9110, 9.1).
enum HTTPMethod: Hashable, Sendable {
    case get, post, put, delete, options, head
    case other(String)

    init(_ name: String) {
        switch name {
        case "GET": self = .get
        case "POST": self = .post
        case "PUT": self = .put
        case "DELETE": self = .delete
        case "OPTIONS": self = .options
        case "HEAD": self = .head
        default: self = .other(name)
        }
    }

    /// Gives the token as it stands on the wire.
    var name: String {
        switch self {
        case .get: "GET"
        case .post: "POST"
        case .put: "PUT"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .head: "HEAD"
        case .other(let name): name
        }
    }
}

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

/// Holds the decoded items of a query string in order, repeated names included.
struct HTTPQuery: Sendable {
    let items: [(name: String, value: String)]

    /// Decodes `name=value` pairs joined by `&`, `+` meaning a space; nil when an escape is broken or not UTF-8.
    init?(_ text: some StringProtocol) {
        var items: [(name: String, value: String)] = []
        for pair in Array(text.utf8).split(separator: UInt8(ascii: "&")) {
            let cut = pair.firstIndex(of: UInt8(ascii: "=")) ?? pair.endIndex
            guard let name = PercentEncoding.decode(pair[..<cut], plusIsSpace: true),
                let value = PercentEncoding.decode(pair[cut...].dropFirst(), plusIsSpace: true)
            else { return nil }
            items.append((name, value))
        }
        self.items = items
    }

    /// Gives the first value of a name.
    subscript(name: String) -> String? {
        items.first { Self.same($0.name, name) }?.value
    }

    /// Gives every value of a name, in order.
    func values(_ name: String) -> [String] {
        items.filter { Self.same($0.name, name) }.map(\.value)
    }

    // As bytes: String equality would hold names with different encodings for the same.
    private static func same(_ a: String, _ b: String) -> Bool {
        a.utf8.elementsEqual(b.utf8)
    }
}
