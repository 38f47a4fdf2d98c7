import Glibc

/// An IPv4 or IPv6 address as 16 bytes, IPv4 mapped into IPv6.
struct IPAddress: Hashable, Sendable {
    let bytes: [UInt8]

    /// Reads the text of an address, without a port; nil for anything else.
    init?(_ text: some StringProtocol) {
        var v4 = in_addr()
        var v6 = in6_addr()
        let text = String(text)
        guard text.utf8.allSatisfy({ $0 != 0 }) else { return nil }
        if inet_pton(AF_INET, text, &v4) == 1 {
            bytes = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + withUnsafeBytes(of: v4) { Array($0) }
        } else if inet_pton(AF_INET6, text, &v6) == 1 {
            bytes = withUnsafeBytes(of: v6) { Array($0) }
        } else {
            return nil
        }
    }

    var isV4: Bool { bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF]) }

    var text: String { Self.text(bytes, isV4: isV4) }

    /// What limits count it as: an IPv4 address, or the /64 network of an IPv6 address, all of which one client may have.
    var network: String { prefix(8) }

    /// What it counts as where something is shared out: an IPv4 address, or the /48 network of an IPv6 address, of which a
    /// site has one.
    var share: String { prefix(6) }

    /// The share that an address has a part of, whatever its text is.
    static func share(of text: String) -> String { IPAddress(text)?.share ?? text }

    private func prefix(_ count: Int) -> String {
        Self.text(isV4 ? bytes : bytes[..<count] + [UInt8](repeating: 0, count: 16 - count), isV4: isV4)
    }

    private static func text(_ bytes: [UInt8], isV4: Bool) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let shown = isV4 ? Array(bytes[12...]) : bytes
        guard inet_ntop(isV4 ? AF_INET : AF_INET6, shown, &text, socklen_t(text.count)) != nil else { return "unknown" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// The addresses that share their first bits.
struct IPNetwork: Hashable, Sendable {
    private let address: IPAddress
    private let length: Int

    /// Reads `ADDRESS` or `ADDRESS/LENGTH`; nil for anything else.
    init?(_ text: some StringProtocol) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let first = parts.first, let address = IPAddress(first) else { return nil }
        let (most, before) = address.isV4 ? (32, 96) : (128, 0)
        var length = most
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let given = Int(parts[1]),
                (0...most).contains(given)
            else { return nil }
            length = given
        }
        self.address = address
        self.length = before + length
    }

    func contains(_ other: IPAddress) -> Bool {
        let whole = length / 8
        guard other.bytes[..<whole] == address.bytes[..<whole] else { return false }
        guard length % 8 > 0 else { return true }
        return (other.bytes[whole] ^ address.bytes[whole]) >> UInt8(8 - length % 8) == 0
    }
}

/// Which proxies are believed when they say whom they speak for, and where they say it.
///
/// A client can send either field itself, and a proxy that writes one passes the other on: so only the one is read that
/// the operator says the proxies write.
struct TrustedProxies: Sendable {
    enum Field: String, Sendable, CaseIterable {
        /// `X-Forwarded-For`: addresses with commas between them.
        case xForwardedFor = "x-forwarded-for"
        /// `Forwarded` (RFC 7239).
        case forwarded
    }

    var networks: [IPNetwork] = []
    var field = Field.xForwardedFor

    /// The most hops that are looked at.
    private static let maximumHops = 32

    /// The address of the client of a request that came from `peer`: the nearest that no trusted proxy has, or the farthest
    /// that is known.
    func client(of peer: String, _ headers: HTTPHeaders) -> String {
        guard !networks.isEmpty, var nearest = IPAddress(peer), isTrusted(nearest) else { return peer }
        for hop in hops(headers).reversed().prefix(Self.maximumHops) {
            // Of what stands before something that cannot be read, nothing is known.
            guard let address = hop else { break }
            nearest = address
            guard isTrusted(address) else { break }
        }
        return nearest.text
    }

    /// True for the address of a proxy whose word is taken.
    func trusts(_ peer: String) -> Bool { !networks.isEmpty && IPAddress(peer).map(isTrusted) ?? false }

    private func isTrusted(_ address: IPAddress) -> Bool { networks.contains { $0.contains(address) } }

    /// The addresses a request went by, the client first; nil for each that is none.
    private func hops(_ headers: HTTPHeaders) -> [IPAddress?] {
        switch field {
        case .xForwardedFor:
            headers.values("X-Forwarded-For").flatMap { value in
                value.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false).map { part in
                    Self.address(of: ASCII.trimmed(part))
                }
            }
        case .forwarded:
            headers.values("Forwarded").flatMap { value in
                Self.split(value, at: UInt8(ascii: ",")).map { element in
                    let pairs = Self.split(element, at: UInt8(ascii: ";"))
                    let named = pairs.lazy.map { ASCII.trimmed($0) }.first { pair in
                        ASCII.equalIgnoringCase(pair.prefix(4), "for=".utf8)
                    }
                    return named.flatMap { Self.address(of: Self.unquoted($0.dropFirst(4))) }
                }
            }
        }
    }

    /// Reads an address as proxies write it, with a port or without: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`,
    /// `[2001:db8::1]`, `[2001:db8::1]:4711`. Names such as `unknown` and `_hidden` are none.
    private static func address(of bytes: ArraySlice<UInt8>) -> IPAddress? {
        guard bytes.count <= 64 else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]"), isPort(text[text.index(after: end)...]) else { return nil }
            let inner = text[text.index(after: text.startIndex)..<end]
            return inner.contains(":") ? IPAddress(inner) : nil
        }
        if let address = IPAddress(text) { return address }
        guard let colon = text.firstIndex(of: ":"), isPort(text[colon...]) else { return nil }
        return IPAddress(text[..<colon])
    }

    private static func isPort(_ text: Substring) -> Bool {
        text.isEmpty
            || (text.first == ":" && (2...6).contains(text.utf8.count)
                && text.utf8.dropFirst().allSatisfy { (0x30...0x39).contains($0) })
    }

    /// Splits outside quotes.
    private static func split(_ bytes: ArraySlice<UInt8>, at separator: UInt8) -> [ArraySlice<UInt8>] {
        var parts: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        var isQuoted = false
        var isEscaped = false
        for index in bytes.indices {
            let byte = bytes[index]
            if isEscaped {
                isEscaped = false
            } else if isQuoted, byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: "\"") {
                isQuoted.toggle()
            } else if byte == separator, !isQuoted {
                parts.append(bytes[start..<index])
                start = bytes.index(after: index)
            }
        }
        return parts + [bytes[start...]]
    }

    private static func unquoted(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let quote = UInt8(ascii: "\"")
        guard bytes.count >= 2, bytes.first == quote, bytes.last == quote else { return bytes }
        return bytes.dropFirst().dropLast().filter { $0 != UInt8(ascii: "\\") }[...]
    }
}
