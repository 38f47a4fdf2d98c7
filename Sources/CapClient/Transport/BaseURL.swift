/// Holds the address of a service: `http` or `https`, host, optional port and path prefix.
public struct BaseURL: Sendable, Hashable, CustomStringConvertible {
    /// The address without a trailing slash.
    public let description: String
    /// Host and port as written.
    public let authority: String
    /// Whether the host is this machine by name or number.
    public let isLoopback: Bool
    public let isEncrypted: Bool

    /// Refuses other schemes, credentials, queries, fragments and anything but printable ASCII.
    public init(_ text: String) throws(ClientError) {
        var bytes = Array(text.utf8)
        while bytes.last == UInt8(ascii: "/") { bytes.removeLast() }
        let schemes = ["http://", "https://"]
        guard let scheme = schemes.first(where: { bytes.starts(with: $0.utf8) }),
            bytes.allSatisfy({ (0x21...0x7e).contains($0) }),
            !bytes.contains(where: { "?#@\\\"<>{}|^`".utf8.contains($0) })
        else {
            throw ClientError(.invalidRequest, "`\(text)` is not the address of a service")
        }
        let rest = bytes.dropFirst(scheme.utf8.count)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") }
        let isBracketed = authority.first == UInt8(ascii: "[")
        let host =
            isBracketed
            ? Array(authority.prefix { $0 != UInt8(ascii: "]") }.dropFirst())
            : Array(authority.prefix { $0 != UInt8(ascii: ":") })
        guard !host.isEmpty else {
            throw ClientError(.invalidRequest, "`\(text)` names no host")
        }
        description = String(decoding: bytes, as: UTF8.self)
        self.authority = String(decoding: authority, as: UTF8.self)
        isEncrypted = scheme == "https://"
        // Names below `localhost` lead to this machine as well (RFC 6761).
        isLoopback =
            ["localhost", "127.0.0.1", "::1"].contains { $0.utf8.elementsEqual(host) }
            || host.count > 10 && host.suffix(10).elementsEqual(".localhost".utf8)
    }
}
