import Glibc
import Testing

@testable import Identity

/// Which addresses other hosts may make the service talk to.
@Suite struct NetworkAddressTests {
    private static func address(_ text: String) -> NetworkAddress {
        var bytes = [UInt8](repeating: 0, count: 16)
        if inet_pton(AF_INET, text, &bytes) == 1 { return NetworkAddress(ipv4: Array(bytes[..<4])) }
        #expect(inet_pton(AF_INET6, text, &bytes) == 1, "\(text)")
        return NetworkAddress(ipv6: bytes)
    }

    @Test(arguments: [
        "1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
        "169.253.255.255", "172.15.255.255", "172.32.0.0", "192.167.255.255", "192.169.0.0", "198.17.255.255",
        "198.20.0.0", "223.255.255.255", "2606:4700::1111", "2a00::1", "64:ff9b::8.8.8.8",
    ])
    func publicAddressesMayBeAsked(text: String) { #expect(Self.address(text) == .public) }

    @Test(arguments: ["127.0.0.1", "127.255.255.255", "::1"])
    func loopbackIsItself(text: String) { #expect(Self.address(text) == .loopback) }

    @Test(arguments: [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "169.254.169.254", "172.16.0.1",
        "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255",
        "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255", "::",
        "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1",
        "64:ff9b:1::8.8.8.8", "100::1", "2001::1", "2001:1ff::1", "2001:db8::1", "2002:7f00:1::1", "3fff::1",
        "fc00::1", "fdff::1", "fe80::1", "fec0::1", "ff02::1", "5f00::1",
    ])
    func everythingElseIsRefused(text: String) { #expect(Self.address(text) == .special) }

    @Test func otherFamiliesAndShortAddressesAreRefused() {
        var local = sockaddr_un()
        local.sun_family = sa_family_t(AF_UNIX)
        withUnsafeBytes(of: &local) { #expect(NetworkAddress($0) == .special) }
        var four = sockaddr_in()
        four.sin_family = sa_family_t(AF_INET)
        four.sin_addr.s_addr = UInt32(0x0101_0101).bigEndian
        withUnsafeBytes(of: &four) { bytes in
            #expect(NetworkAddress(bytes) == .public)
            #expect(NetworkAddress(UnsafeRawBufferPointer(rebasing: bytes[..<8])) == .special)
        }
    }
}
