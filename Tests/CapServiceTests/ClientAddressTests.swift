import Testing

@testable import CapService

/// Whom a request is counted against: the client, as far as proxies are believed.
@Suite struct ClientAddressTests {
    struct Case: CustomStringConvertible, Sendable {
        let peer: String
        let field: TrustedProxies.Field
        let headers: [(name: String, value: String)]
        let client: String

        init(_ peer: String, _ field: TrustedProxies.Field, _ headers: [(String, String)], _ client: String) {
            self.peer = peer
            self.field = field
            self.headers = headers.map { (name: $0.0, value: $0.1) }
            self.client = client
        }

        var description: String { "\(peer) \(field) \(headers)" }
    }

    static let networks = ["127.0.0.1", "10.0.0.0/8", "fd00::/8", "192.0.2.128/25"].compactMap { IPNetwork($0) }

    // Forms from RFC 7239 (4, 6, 7.1, 7.4) and from what nginx, HAProxy and load balancers write into X-Forwarded-For.
    static let cases = [
        // Who is no trusted proxy speaks for itself alone.
        Case("203.0.113.9", .xForwardedFor, [("X-Forwarded-For", "198.51.100.1")], "203.0.113.9"),
        Case("192.0.2.127", .xForwardedFor, [("X-Forwarded-For", "198.51.100.1")], "192.0.2.127"),
        Case("127.0.0.1", .xForwardedFor, [], "127.0.0.1"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "198.51.100.1")], "198.51.100.1"),
        Case("192.0.2.128", .xForwardedFor, [("x-forwarded-for", " 198.51.100.1 ")], "198.51.100.1"),
        // What a client wrote itself stands before what the proxy added.
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "1.2.3.4, 198.51.100.1")], "198.51.100.1"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "1.2.3.4"), ("X-Forwarded-For", "5.6.7.8")], "5.6.7.8"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "1.2.3.4, 198.51.100.1, 10.1.2.3")], "198.51.100.1"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "10.9.9.9, 10.1.2.3")], "10.9.9.9"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "unknown, 10.1.2.3")], "10.1.2.3"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "1.2.3.4, nonsense")], "127.0.0.1"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "")], "127.0.0.1"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "198.51.100.1,")], "127.0.0.1"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "198.51.100.1:4711")], "198.51.100.1"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "198.51.100.1:")], "127.0.0.1"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "2001:db8:1:2:3:4:5:6")], "2001:db8:1:2:3:4:5:6"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "[2001:db8:1:2:ffff::9]:443")], "2001:db8:1:2:ffff::9"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "::ffff:198.51.100.1")], "198.51.100.1"),
        Case("127.0.0.1", .xForwardedFor, [("X-Forwarded-For", "198.51.100.01")], "127.0.0.1"),
        Case("::ffff:10.0.0.1", .xForwardedFor, [("X-Forwarded-For", "198.51.100.1")], "198.51.100.1"),
        Case("fd00::1", .xForwardedFor, [("X-Forwarded-For", "198.51.100.1")], "198.51.100.1"),
        // The other field is the client's to write, and so says nothing.
        Case("127.0.0.1", .xForwardedFor, [("Forwarded", "for=198.51.100.1")], "127.0.0.1"),
        Case("127.0.0.1", .forwarded, [("X-Forwarded-For", "198.51.100.1")], "127.0.0.1"),
        Case("127.0.0.1", .forwarded, [("Forwarded", "for=192.0.2.60;proto=http;by=203.0.113.43")], "192.0.2.60"),
        Case("127.0.0.1", .forwarded, [("Forwarded", "For=\"[2001:db8:cafe::17]:4711\"")], "2001:db8:cafe::17"),
        Case("127.0.0.1", .forwarded, [("Forwarded", "for=192.0.2.43, for=198.51.100.17")], "198.51.100.17"),
        Case("127.0.0.1", .forwarded, [("Forwarded", "for=192.0.2.43"), ("Forwarded", "for=10.0.0.2")], "192.0.2.43"),
        Case("127.0.0.1", .forwarded, [("Forwarded", "for=_hidden, for=10.0.0.2")], "10.0.0.2"),
        Case("127.0.0.1", .forwarded, [("Forwarded", "for=unknown")], "127.0.0.1"),
        Case("127.0.0.1", .forwarded, [("Forwarded", "proto=https;by=10.0.0.1")], "127.0.0.1"),
        Case("127.0.0.1", .forwarded, [("Forwarded", "secret=\"a,b;for=1.1.1.1\";for=198.51.100.17")], "198.51.100.17"),
        Case("127.0.0.1", .forwarded, [("Forwarded", "for=\"192.0.2.43:47011\"")], "192.0.2.43"),
    ]

    @Test(arguments: cases) func theClientIsWhomATrustedProxyNames(_ item: Case) {
        var proxies = TrustedProxies()
        proxies.networks = Self.networks
        proxies.field = item.field
        #expect(proxies.client(of: item.peer, HTTPHeaders(item.headers)) == item.client)
    }

    @Test func allOfANetworkOfOneClientIsCountedTogether() {
        let shown = [
            ("192.0.2.7", "192.0.2.7"), ("::ffff:192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("2001:db8:1:2::", "2001:db8:1:2::"), ("::1", "::"), ("local", "local"),
        ]
        for (address, network) in shown {
            #expect(HTTPRequest(method: .get, path: "/", remoteAddress: address).clientNetwork == network)
        }
    }

    @Test func withoutATrustedProxyNobodySpeaksForAnother() {
        let headers = HTTPHeaders([("X-Forwarded-For", "198.51.100.1"), ("Forwarded", "for=198.51.100.1")])
        #expect(TrustedProxies().client(of: "127.0.0.1", headers) == "127.0.0.1")
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/", "10.0.0/8", "::/129", "proxy", "10.0.0.1 ",
    ])
    func whatIsNoNetworkIsRefused(_ text: String) { #expect(IPNetwork(text) == nil) }
}
