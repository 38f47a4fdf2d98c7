import ATProto
import CapTesting
import Dispatch
import Glibc
import Multiformats
import Testing
import UCAN

@testable import Identity

/// How DIDs and handles of other hosts are resolved.
@Suite struct ResolverTests {
    /// A resolver whose other hosts are a stub on loopback, and whose cache runs on a clock of the test.
    private struct Rig {
        let host: StubHost
        let resolver: IdentityResolver
        let milliseconds = Locked(Int64(0))

        init(
            allowsLoopback: Bool = true, concurrency: Int = 32,
            hosted: @escaping IdentityResolver.HostedDocuments = { _ in nil },
            _ answer: @escaping @Sendable (StubHost.Asked) -> StubHost.Reply
        ) throws {
            let host = StubHost(answer)
            self.host = host
            let milliseconds = self.milliseconds
            resolver = IdentityResolver(
                outbound: OutboundClient(
                    policy: OutboundPolicy(allowsLoopback: allowsLoopback), userAgent: "test",
                    concurrency: concurrency),
                plcURL: try PeerURL(host.url), now: { milliseconds.withLock { $0 } }, hosted: hosted)
        }

        var webDID: String { "did:web:127.0.0.1%3A\(host.port)" }

        func code(_ did: String, _ freshness: IdentityResolver.Freshness = .remembered, mayWait: Bool = true)
            -> ResolutionError.Code?
        {
            do {
                _ = try resolver.document(of: did, freshness, mayWait: mayWait)
                return nil
            } catch {
                return (error as? ResolutionError)?.code
            }
        }
    }

    /// That there was no room to ask says nothing of who would have been asked.
    @Test func whatWasNotAskedIsNotRemembered() throws {
        let gate = DispatchSemaphore(value: 0)
        let rig = try Rig(concurrency: 1) { asked in
            if asked.target.contains("slow") { gate.wait() }
            return StubHost.Reply(404)
        }
        let (slow, other) = (rig.webDID + ":slow", rig.webDID + ":other")
        let waiting = DispatchGroup()
        let resolver = rig.resolver
        DispatchQueue.global().async(group: waiting) { _ = try? resolver.document(of: slow) }
        while rig.host.requests.isEmpty { sched_yield() }
        #expect(rig.code(other) == .unreachable)
        #expect(throws: ResolutionError.self) { try resolver.did(of: Handle("other.localhost")) }
        gate.signal()
        waiting.wait()
        #expect(rig.code(other) == .notFound && rig.host.requests.count == 2)
    }

    private static func document(_ did: String, _ key: PublicKey? = nil) -> String {
        guard
            let made = try? DIDDocument.make(
                did: did, handle: nil, keys: key.map { [(KeyID.account, $0)] } ?? [],
                services: [(ServiceID.personalDataServer, "AtprotoPersonalDataServer", "https://x.example")])
        else { return "" }
        return String(decoding: made.json.serialized(), as: UTF8.self)
    }

    @Test(arguments: [
        ("did:web:example.org", "https://example.org/.well-known/did.json"),
        ("did:web:example.org%3A8443", "https://example.org:8443/.well-known/did.json"),
        ("did:web:example.org%3a8443", "https://example.org:8443/.well-known/did.json"),
        ("did:web:example.org:user:alice", "https://example.org/user/alice/did.json"),
        ("did:web:example.org%3A1:a", "https://example.org:1/a/did.json"),
        ("did:web:alice.localhost%3A80", "http://alice.localhost:80/.well-known/did.json"),
        ("did:web:127.0.0.1%3A80", "http://127.0.0.1:80/.well-known/did.json"),
    ])
    func webDIDsHaveTheirPlace(did: String, url: String) throws {
        #expect(try DIDWeb.url(did).description == url)
    }

    @Test(arguments: [
        "did:web:", "did:web:Example.org", "did:web:LOCALHOST%3A1", "did:web:example.org::a", "did:web:example.org:",
        "did:web:example.org:..", "did:web:example.org:.", "did:web:example.org:a%2Fb", "did:web:example.org:%2e%2e",
        "did:web:example.org%3A80%3A90", "did:web:example.org%2Fx", "did:web:a%40b", "did:web:example.org%3A0",
        "did:web:example.org%3A99999", "did:plc:abc",
    ])
    func otherTextsHaveNone(did: String) {
        #expect(throws: ResolutionError.self) { try DIDWeb.url(did) }
    }

    @Test func aWebDIDIsFetchedOnceAndRemembered() throws {
        let rig = try Rig { asked in
            let port =
                asked.head.split(separator: "\r\n").first { $0.hasPrefix("host:") }?.split(separator: ":").last ?? ""
            return StubHost.Reply(200, Self.document("did:web:127.0.0.1%3A\(port)"))
        }
        #expect(rig.code(rig.webDID, mayWait: false) == .mustWait)
        for _ in 0..<3 { #expect(rig.code(rig.webDID) == nil) }
        #expect(rig.code(rig.webDID, mayWait: false) == nil)
        #expect(rig.host.requests.map(\.target) == ["/.well-known/did.json"])
        rig.milliseconds.withLock { $0 += 300_001 }
        #expect(rig.code(rig.webDID) == nil && rig.host.requests.count == 2)
    }

    @Test func whatIsHostedHereIsNotAskedForOverTheNetwork() throws {
        let did = "did:web:alice.localhost%3A1"
        let document = try DIDDocument(parsing: Array(Self.document(did).utf8), of: did)
        let rig = try Rig(allowsLoopback: false, hosted: { $0 == did ? document : nil }) { _ in StubHost.Reply(500) }
        #expect(try rig.resolver.document(of: did, mayWait: false).did == did)
        #expect(rig.host.requests.isEmpty)
    }

    @Test func keysResolveToThemselves() throws {
        let rig = try Rig { _ in StubHost.Reply(500) }
        for curve in [Curve.p256, .secp256k1] {
            let key = try PrivateKey.generate(curve).publicKey
            #expect(try rig.resolver.document(of: key.did.text, mayWait: false).key(KeyID.account) == key)
        }
        let edwards = try PrivateKey.generate(.ed25519).publicKey
        #expect(try rig.resolver.document(of: edwards.did.text).key(KeyID.account) == nil)
        #expect(rig.code("did:key:zNonsense") == .malformed)
    }

    @Test func thePLCDirectoryIsAskedByItsAddress() throws {
        let did = "did:plc:" + String(repeating: "a", count: 24)
        let rig = try Rig { asked in
            asked.target == "/\(did)" ? StubHost.Reply(200, Self.document(did)) : StubHost.Reply(404)
        }
        #expect(rig.code(did) == nil && rig.host.requests.map(\.target) == ["/\(did)"])
        #expect(rig.code("did:plc:" + String(repeating: "b", count: 24)) == .notFound)
        for text in [
            "did:plc:abc", "did:plc:" + String(repeating: "1", count: 24),
            "did:plc:" + String(repeating: "A", count: 24),
        ] {
            #expect(rig.code(text) == .malformed, "\(text)")
        }
        #expect(rig.code("did:ion:abc") == .unsupported && rig.code("not a did") == .malformed)
    }

    @Test func loopbackIsRefusedUnlessAllowed() throws {
        let rig = try Rig(allowsLoopback: false) { _ in StubHost.Reply(200) }
        #expect(rig.code(rig.webDID) == .refused && rig.code("did:web:localhost%3A\(rig.host.port)") == .refused)
        #expect(rig.host.requests.isEmpty)
        #expect(ResolutionError(.refused, "").tokenError.name == "ServiceNotResolvable")
    }

    /// Only where nobody is there is it certain that nothing is published there: all else leaves it open.
    @Test func whatMayTellLaterIsSaid() {
        let rows: [(OutboundError.Code, ResolutionError.Passing?, isOfNobody: Bool)] = [
            (.nobodyThere, nil, true), (.unresolved, .notNow, false), (.refusedAddress, nil, false),
            (.malformedURL, nil, false),
            (.tooLarge, nil, false), (.timeout, .notNow, false), (.unreachable, .notNow, false),
            (.busy, .notAsked, false),
        ]
        for (code, passing, isOfNobody) in rows {
            let error = ResolutionError(OutboundError(code, ""))
            #expect(error.passing == passing && error.isOfNobody == isOfNobody, "\(code)")
        }
    }

    /// Of what a host answers, only that there is nothing shows that nothing is published.
    @Test(arguments: [200, 204, 301, 302, 400, 401, 403, 404, 405, 410, 421, 429, 451, 500, 502, 503])
    func onlyNotFoundIsOfNobody(status: Int) throws {
        let rig = try Rig { _ in StubHost.Reply(status, String(repeating: " ", count: 100_000)) }
        do {
            _ = try rig.resolver.document(of: rig.webDID)
            Issue.record("\(status) gives no document")
        } catch let error as ResolutionError {
            #expect(error.isOfNobody == [404, 410].contains(status), "\(status): \(error.message)")
        }
    }

    @Test func badAnswersAreFailuresForAShortTime() throws {
        let replies = Locked<[StubHost.Reply]>([])
        let rig = try Rig { _ in replies.withLock { $0.isEmpty ? StubHost.Reply(200) : $0.removeFirst() } }
        let wrong = Self.document("did:web:other")
        for (reply, code) in [
            (StubHost.Reply(404), ResolutionError.Code.notFound), (StubHost.Reply(410), .notFound),
            (StubHost.Reply(500), .unreachable), (StubHost.Reply(302), .unreachable),
            (StubHost.Reply(200, "{"), .malformed),
            (StubHost.Reply(200, wrong), .malformed),
            (StubHost.Reply(200, String(repeating: " ", count: DIDDocument.maximumLength + 1)), .malformed),
        ] {
            replies.withLock { $0 = [reply] }
            let before = rig.host.requests.count
            #expect(rig.code(rig.webDID) == code)
            #expect(rig.code(rig.webDID) == code && rig.host.requests.count == before + 1, "\(code) is remembered")
            rig.milliseconds.withLock { $0 += 15_001 }
        }
    }

    @Test func aKeyThatRotatedIsFoundAndAForeignOneIsNotSoughtForEver() throws {
        let keys = try (0..<2).map { _ in try PrivateKey.generate(.secp256k1) }
        let current = Locked(0)
        let rig = try Rig { asked in
            let port =
                asked.head.split(separator: "\r\n").first { $0.hasPrefix("host:") }?.split(separator: ":").last ?? ""
            let key = keys[current.withLock { $0 }].publicKey
            return StubHost.Reply(200, Self.document("did:web:127.0.0.1%3A\(port)", key))
        }
        func verify(_ wanted: PublicKey) -> String? {
            do throws(ATProtoError) {
                try rig.resolver.verifying(mayWait: true) { source throws(ATProtoError) in
                    guard try source(rig.webDID, KeyID.account) == wanted else {
                        throw ATProtoError("BadJwtSignature", "")
                    }
                }
                return nil
            } catch {
                return error.name
            }
        }
        #expect(verify(keys[0].publicKey) == nil && rig.host.requests.count == 1)
        current.withLock { $0 = 1 }
        #expect(verify(keys[1].publicKey) == nil && rig.host.requests.count == 2)
        #expect(verify(keys[0].publicKey) == "BadJwtSignature" && rig.host.requests.count == 3)
        for _ in 0..<40 { #expect(verify(keys[0].publicKey) == "BadJwtSignature") }
        #expect(rig.host.requests.count <= 16)
    }

    @Test func handlesResolveByHTTPS() throws {
        let rig = try Rig { _ in StubHost.Reply() }
        // A handle has no port, so a stub on loopback cannot play one: what is asked shows in the refusal.
        let closed = try Rig(allowsLoopback: false) { _ in StubHost.Reply() }
        #expect(throws: ResolutionError.self) { try closed.resolver.did(of: Handle("alice.localhost")) }
        let name = try Handle("example.org")
        #expect(throws: ResolutionError.self) { try rig.resolver.did(of: name, mayWait: false) }
    }
}
