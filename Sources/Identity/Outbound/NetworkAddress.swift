import Glibc

/// Says to which part of the network an IP address belongs; decides what other hosts may make this service talk to.
package enum NetworkAddress: Sendable, Hashable {
    /// Routed on the public network.
    case `public`
    /// This machine.
    case loopback
    /// Private, link-local, shared, documentation, multicast, translated or reserved.
    case special

    /// Classifies four bytes of IPv4 (IANA special-purpose registry).
    package init(ipv4 bytes: [UInt8]) {
        guard bytes.count == 4 else {
            self = .special
            return
        }
        let value = bytes.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        if value >> 24 == 127 {
            self = .loopback
        } else {
            self =
                Self.special4.contains { value >> (32 - $0.bits) == $0.prefix >> (32 - $0.bits) } ? .special : .public
        }
    }

    /// Classifies sixteen bytes of IPv6: public is what lies in 2000::/3 and is not reserved there.
    package init(ipv6 bytes: [UInt8]) {
        guard bytes.count == 16 else {
            self = .special
            return
        }
        if bytes.dropLast().allSatisfy({ $0 == 0 }), bytes[15] == 1 {
            self = .loopback
        } else if bytes.starts(with: [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0]) {
            // NAT64 (RFC 6052) reaches the IPv4 address inside; of that only a public one is wanted.
            self = NetworkAddress(ipv4: Array(bytes[12...])) == .public ? .public : .special
        } else if bytes[0] & 0xe0 != 0x20 {
            self = .special
        } else {
            self = Self.special6.contains { Self.matches(bytes, $0.prefix, $0.bits) } ? .special : .public
        }
    }

    /// Classifies the address of a socket; families other than IP are special.
    package init(_ address: UnsafeRawBufferPointer) {
        guard address.count >= MemoryLayout<sockaddr_in>.size else {
            self = .special
            return
        }
        switch Int32(address.loadUnaligned(as: sa_family_t.self)) {
        case AF_INET:
            self.init(ipv4: Array(address[4..<8]))
        case AF_INET6 where address.count >= 24:
            self.init(ipv6: Array(address[8..<24]))
        default:
            self = .special
        }
    }

    private static let special4: [(prefix: UInt32, bits: UInt32)] = [
        (0x0000_0000, 8), (0x0a00_0000, 8), (0x6440_0000, 10), (0xa9fe_0000, 16), (0xac10_0000, 12),
        (0xc000_0000, 24), (0xc000_0200, 24), (0xc01f_c400, 24), (0xc034_c100, 24), (0xc058_6300, 24),
        (0xc0a8_0000, 16), (0xc0af_3000, 24), (0xc612_0000, 15), (0xc633_6400, 24), (0xcb00_7100, 24),
        (0xe000_0000, 3),
    ]

    // IETF assignments with Teredo, ORCHID and benchmarking; documentation twice; 6to4; AS112.
    private static let special6: [(prefix: [UInt8], bits: Int)] = [
        ([0x20, 0x01, 0x00], 23), ([0x20, 0x01, 0x0d, 0xb8], 32), ([0x20, 0x02], 16), ([0x3f, 0xff, 0x00], 20),
        ([0x26, 0x20, 0x00, 0x4f, 0x80, 0x00], 48),
    ]

    private static func matches(_ bytes: [UInt8], _ prefix: [UInt8], _ bits: Int) -> Bool {
        for index in prefix.indices {
            let used = min(8, bits - index * 8)
            let mask = UInt8(truncatingIfNeeded: 0xff00 >> used)
            guard bytes[index] & mask == prefix[index] & mask else { return false }
        }
        return true
    }
}
