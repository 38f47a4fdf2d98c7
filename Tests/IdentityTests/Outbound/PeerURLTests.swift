import Testing

@testable import Identity

/// Which texts are addresses of other hosts, and which of them the policy lets be asked.
@Suite struct PeerURLTests {
    @Test func partsAreReadAsWritten() throws {
        let url = try PeerURL("https://Example.ORG:8443/a/b?c=d%20e")
        #expect(url.scheme == .https && url.host == "example.org" && url.port == 8443 && url.target == "/a/b?c=d%20e")
        #expect(url.origin == "https://example.org:8443" && url.description == "https://example.org:8443/a/b?c=d%20e")
        #expect(try PeerURL("https://example.org:443").origin == "https://example.org")
        #expect(try PeerURL("http://[::1]:80/x").origin == "http://[::1]")
        #expect(try PeerURL("https://example.org?q").target == "/?q")
    }

    @Test(arguments: [
        "", "https://", "ftp://example.org", "HTTPS://example.org", "https:///x", "https://a@example.org",
        "https://a:b@example.org", "https://example.org/#x", "https://example.org:0", "https://example.org:65536",
        "https://example.org:", "https://example.org:8 0", "https://exa mple.org", "https://ex..org", "https://.org",
        "https://example.org.", "https://[::1", "https://[::1]x", "https://[]", "https://[g::1]",
        "https://[fe80::1%eth0]",
        "https://ex\u{e4}mple.org", "https://example.org/\n", "https://example.org\\@evil", "https://a%2eb.org",
        "//example.org", "https://\(String(repeating: "a", count: 64)).org",
    ])
    func otherTextsAreRefused(text: String) {
        #expect(throws: OutboundError.self) { try PeerURL(text) }
    }

    @Test func plainHTTPAndThisMachineNeedLeave() throws {
        let (closed, open) = (OutboundPolicy(allowsLoopback: false), OutboundPolicy(allowsLoopback: true))
        for text in [
            "http://example.org", "http://127.0.0.1", "https://127.0.0.1", "https://localhost", "https://a.localhost:1",
            "https://[::1]", "https://127.1",
        ] {
            let url = try PeerURL(text)
            #expect(permits(open, url) && !permits(closed, url), "\(text)")
        }
        #expect(try permits(closed, PeerURL("https://example.org")))
        #expect(open.permits(.loopback, .http) && open.permits(.loopback, .https) && open.permits(.public, .https))
        #expect(!open.permits(.public, .http) && !open.permits(.special, .https) && !open.permits(.special, .http))
        #expect(!closed.permits(.loopback, .https) && closed.permits(.public, .https))
    }

    private func permits(_ policy: OutboundPolicy, _ url: PeerURL) -> Bool {
        do throws(OutboundError) {
            try policy.check(url)
            return true
        } catch {
            return false
        }
    }
}
