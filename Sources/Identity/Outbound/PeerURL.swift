import Multiformats

/// Holds the address of something on another host: scheme, host, perhaps a port, path and query; no user, no fragment.
package struct PeerURL: Hashable, Sendable, CustomStringConvertible {
    package enum Scheme: String, Sendable {
        case http
        case https
    }

    package static let maximumLength = 2048

    package let scheme: Scheme
    /// A name or IPv4 address in lower case, or an IPv6 address in its brackets.
    package let host: String
    package let port: UInt16?
    /// What follows the authority: empty, or beginning with `/`, with its query.
    package let target: String

    /// Reads an absolute http or https URL of printable ASCII; throws `malformedURL`.
    package init(_ text: String) throws(OutboundError) {
        let bytes = Array(text.utf8)
        let schemes: [Scheme] = [.https, .http]
        guard bytes.count <= Self.maximumLength, bytes.allSatisfy({ (0x21...0x7e).contains($0) }),
            !bytes.contains(where: { "\\\"<>{}|^`#".utf8.contains($0) }),
            let scheme = schemes.first(where: { bytes.starts(with: "\($0.rawValue)://".utf8) })
        else { throw Self.malformed(text) }
        let rest = bytes.dropFirst(scheme.rawValue.utf8.count + 3)
        let authority = rest.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") }
        var target = rest.dropFirst(authority.count)
        if target.first == UInt8(ascii: "?") { target = ArraySlice("/".utf8) + target }
        guard let (host, port) = Self.split(authority) else { throw Self.malformed(text) }
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = String(decoding: target, as: UTF8.self)
    }

    private init(scheme: Scheme, host: String, port: UInt16?, target: String) {
        self.scheme = scheme
        self.host = host
        self.port = port
        self.target = target
    }

    /// Scheme, host and port, which a client compares origins by; the usual port is left out.
    package var origin: String {
        let usual: UInt16 = scheme == .https ? 443 : 80
        guard let port, port != usual else { return "\(scheme.rawValue)://\(host)" }
        return "\(scheme.rawValue)://\(host):\(port)"
    }

    package var description: String {
        "\(scheme.rawValue)://\(host)\(port.map { ":\($0)" } ?? "")\(target)"
    }

    /// The same host with another path and query, which must be written as they go on the wire.
    package func replacing(target: String) -> PeerURL {
        PeerURL(scheme: scheme, host: host, port: port, target: target)
    }

    /// Tests that the host is this machine by a reserved name or a loopback number.
    package var isLoopback: Bool {
        host == "localhost" || host.hasSuffix(".localhost") || host == "[::1]"
            || (host.hasPrefix("127.")
                && host.utf8.allSatisfy { $0 == UInt8(ascii: ".") || (0x30...0x39).contains($0) })
    }

    private static func malformed(_ text: String) -> OutboundError {
        OutboundError(.malformedURL, "`\(text.prefix(200))` is not an http or https address")
    }

    private static func split(_ authority: ArraySlice<UInt8>) -> (host: String, port: UInt16?)? {
        var host = authority
        var portText: ArraySlice<UInt8>?
        if authority.first == UInt8(ascii: "[") {
            guard let end = authority.firstIndex(of: UInt8(ascii: "]")) else { return nil }
            host = authority[...end]
            let rest = authority[(end + 1)...]
            if !rest.isEmpty {
                guard rest.first == UInt8(ascii: ":") else { return nil }
                portText = rest.dropFirst()
            }
            guard host.count > 2, host.dropFirst().dropLast().allSatisfy({ isHex($0) || $0 == 0x3a || $0 == 0x2e })
            else { return nil }
        } else {
            if let colon = authority.firstIndex(of: UInt8(ascii: ":")) {
                host = authority[..<colon]
                portText = authority[(colon + 1)...]
            }
            guard isName(host) else { return nil }
        }
        var port: UInt16?
        if let portText {
            guard (1...5).contains(portText.count), portText.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = UInt16(String(decoding: portText, as: UTF8.self)), number > 0
            else { return nil }
            port = number
        }
        return (String(decoding: host.map(lower), as: UTF8.self), port)
    }

    /// Labels of letters, digits, `-` and `_`, each of 1 to 63, together at most 253, no empty one.
    static func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
        let labels = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        return bytes.count <= 253
            && labels.allSatisfy { label in
                (1...63).contains(label.count)
                    && label.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == 0x2d || $0 == 0x5f }
            }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }
    private static func isHex(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
    }
    private static func lower(_ byte: UInt8) -> UInt8 { (0x41...0x5a).contains(byte) ? byte | 0x20 : byte }
}
