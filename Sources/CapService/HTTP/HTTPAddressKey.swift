import CMicroHTTPD
import Glibc

/// Groups connections by peer: an IPv4 address, or the /64 network of an IPv6 address.
struct HTTPAddressKey: Hashable, Sendable {
    private let network: UInt64
    private let isV4: Bool

    static let none = HTTPAddressKey(network: 0, isV4: false)

    private init(network: UInt64, isV4: Bool) {
        self.network = network
        self.isV4 = isV4
    }

    /// Reads the peer address of an accepted connection; an IPv4 address mapped into IPv6 counts as IPv4.
    static func read(_ storage: inout sockaddr_storage) -> (key: HTTPAddressKey, text: String) {
        withUnsafeMutableBytes(of: &storage) { raw -> (HTTPAddressKey, String) in
            let family = raw.loadUnaligned(fromByteOffset: 0, as: sa_family_t.self)
            if family == sa_family_t(AF_INET) {
                return v4(raw[4..<8])
            }
            guard family == sa_family_t(AF_INET6) else { return (.none, "local") }
            let bytes = raw[8..<24]
            let isMapped =
                bytes.prefix(10).allSatisfy { $0 == 0 } && bytes.dropFirst(10).prefix(2).allSatisfy { $0 == 255 }
            if isMapped { return v4(raw[20..<24]) }
            let network = bytes.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return (HTTPAddressKey(network: network, isV4: false), text(AF_INET6, bytes))
        }
    }

    private static func v4(_ bytes: Slice<UnsafeMutableRawBufferPointer>) -> (HTTPAddressKey, String) {
        let address = bytes.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (HTTPAddressKey(network: address, isV4: true), text(AF_INET, bytes))
    }

    private static func text(_ family: Int32, _ bytes: Slice<UnsafeMutableRawBufferPointer>) -> String {
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        let bytes = Array(bytes)
        guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "unknown" }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
