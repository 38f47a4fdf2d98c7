import CCurl
import CapTesting
import Dispatch
import Glibc
import Testing

@testable import Curl
@testable import Identity

/// What the client does with a real host on loopback, and what it refuses to do.
@Suite struct OutboundClientTests {
    private let open = OutboundClient(policy: OutboundPolicy(allowsLoopback: true), userAgent: "test")
    private let closed = OutboundClient(policy: OutboundPolicy(allowsLoopback: false), userAgent: "test")

    private func code(_ client: OutboundClient, _ request: OutboundRequest) -> OutboundError.Code? {
        do throws(OutboundError) {
            _ = try client.send(request)
            return nil
        } catch {
            return error.code
        }
    }

    @Test func anAnswerComesWithItsStatusTypeAndBody() throws {
        let host = StubHost { asked in StubHost.Reply(asked.method == "POST" ? 201 : 404, asked.target) }
        let got = try open.send(OutboundRequest(.get, PeerURL(host.url + "/a?b=c")))
        #expect(got == OutboundResponse(status: 404, contentType: "application/json", body: Array("/a?b=c".utf8)))
        let posted = try open.send(
            OutboundRequest(.post, PeerURL(host.url + "/p"), headers: [("X-One", "1")], body: Array("body".utf8)))
        #expect(posted.status == 201)
        #expect(host.requests.last?.body == Array("body".utf8))
        #expect(host.requests.last?.head.contains("x-one: 1") == true)
        #expect(try open.send(OutboundRequest(.post, PeerURL(host.url))).status == 201)
    }

    @Test func loopbackIsRefusedByNameByNumberAndAfterLookUp() throws {
        let host = StubHost { _ in StubHost.Reply() }
        for text in [host.url, "https://127.0.0.1:\(host.port)", "https://localhost:\(host.port)"] {
            #expect(code(closed, OutboundRequest(.get, try PeerURL(text))) == .refusedAddress, "\(text)")
        }
        // These pass the look at the text, so that only the address connected to tells.
        for name in ["2130706433", "0x7f000001", "0177.0.0.1", "127.1"] {
            let url = try PeerURL("https://\(name):\(host.port)")
            #expect(code(closed, OutboundRequest(.get, url)) == .refusedAddress, "\(name)")
        }
        #expect(host.requests.isEmpty)
    }

    @Test func plainHTTPReachesLoopbackOnly() throws {
        for text in ["http://10.0.0.1", "http://192.168.0.1:8080", "http://169.254.169.254/latest", "http://[fe80::1]"]
        {
            let asked = OutboundRequest(.get, try PeerURL(text), totalTimeout: .seconds(1))
            #expect(code(open, asked) == .refusedAddress, "\(text)")
        }
    }

    @Test func redirectionsAreNotFollowed() throws {
        let other = StubHost { _ in StubHost.Reply() }
        let place = other.url
        let host = StubHost { _ in
            var reply = StubHost.Reply(302)
            reply.headers.append("Location: \(place)/secret")
            return reply
        }
        #expect(try open.send(OutboundRequest(.get, PeerURL(host.url))).status == 302)
        #expect(other.requests.isEmpty)
    }

    @Test func answersAreBounded() throws {
        let host = StubHost { asked in
            StubHost.Reply(200, String(repeating: "a", count: asked.target == "/1" ? 1001 : 1000))
        }
        #expect(code(open, OutboundRequest(.get, try PeerURL(host.url + "/1"), maxBytes: 1000)) == .tooLarge)
        #expect(code(open, OutboundRequest(.get, try PeerURL(host.url + "/0"), maxBytes: 1000)) == nil)
        let heads = StubHost { _ in
            var reply = StubHost.Reply()
            reply.headers += (0..<900).map { "X-\($0): \(String(repeating: "a", count: 80))" }
            return reply
        }
        #expect(code(open, OutboundRequest(.get, try PeerURL(heads.url))) == .tooLarge)
    }

    @Test func aSlowHostAndAnAbsentOneAreTold() throws {
        let slow = StubHost { _ in StubHost.Reply(200, "late", delay: 1500) }
        let asked = OutboundRequest(.get, try PeerURL(slow.url), totalTimeout: .milliseconds(300))
        #expect(code(open, asked) == .timeout)
        #expect(code(open, OutboundRequest(.get, try PeerURL("http://127.0.0.1:1"))) == .nobodyThere)
    }

    /// What only the peer can cause shows that nobody is there; what this machine or the network can cause does not.
    @Test func whatLeavesOpenWhetherAnybodyIsThereIsNotTakenForNobody() {
        let (connect, certificate) = (CURLE_COULDNT_CONNECT, CURLE_PEER_FAILED_VERIFICATION)
        let nobody = [
            CurlFailure(connect, systemError: Int(ECONNREFUSED)),
            // Another name by a sound chain, as libcurl 7 and 8 tell it.
            CurlFailure(certificate, verification: 0), CurlFailure(certificate, verification: 1),
        ]
        for one in nobody { #expect(one.isOfNobody, "\(one)") }
        let open =
            [ENETUNREACH, EHOSTUNREACH, EADDRNOTAVAIL, ETIMEDOUT, ECONNRESET, EMFILE, EPERM, 0].map { number in
                CurlFailure(connect, systemError: Int(number))
            }
            + [[], [false], [true, true], [false, true], [true, false]].map { opened in
                CurlFailure(connect, systemError: Int(ECONNREFUSED), opened: opened)
            }
            // Expired, self-signed, of an unknown authority, not yet valid, none at all.
            + [10, 18, 19, 20, 9, -1].map { CurlFailure(certificate, verification: $0) }
            + [
                CURLE_COULDNT_RESOLVE_HOST, CURLE_SSL_CONNECT_ERROR, CURLE_GOT_NOTHING, CURLE_RECV_ERROR,
                CURLE_SEND_ERROR, CURLE_PARTIAL_FILE, CURLE_WRITE_ERROR, CURLE_OUT_OF_MEMORY, CURLE_WEIRD_SERVER_REPLY,
            ].map { CurlFailure($0, systemError: Int(ECONNREFUSED)) }
        for one in open { #expect(!one.isOfNobody, "\(one)") }
        for code in [EAI_AGAIN, EAI_FAIL, EAI_SYSTEM, EAI_MEMORY, EAI_FAMILY, EAI_SERVICE, -5, 0] {
            #expect(!NameLookup.isUnknown(code: code), "\(code)")
        }
        let names = NameLookup()
        #expect(NameLookup.isUnknown(code: EAI_NONAME) && names.isUnknown("no such name"))
        #expect(!names.isUnknown("127.0.0.1"))
    }

    /// Whoever answers for names slowly holds no more threads than that, and what is not looked up is not taken for nobody's.
    @Test func fewNamesAreLookedUpAtOnce() {
        let names = NameLookup(concurrency: 2)
        var inner: [Bool] = []
        let outer = names.isUnknown {
            inner.append(
                names.isUnknown {
                    inner.append(names.isUnknown { EAI_NONAME })
                    return EAI_NONAME
                })
            return EAI_NONAME
        }
        #expect(outer && inner == [false, true])
        #expect(names.isUnknown { EAI_NONAME }, "room is given back")
    }

    /// A question to another host never looks a name up a second time: that a name is nobody's is for who wants to have it.
    @Test func anUnresolvedNameIsLeftOpen() throws {
        let client = OutboundClient(policy: OutboundPolicy(allowsLoopback: false), userAgent: "test")
        #expect(code(client, OutboundRequest(.get, try PeerURL("https://nobody.invalid/"))) == .unresolved)
    }

    /// That no descriptor is left here says nothing of anybody.
    @Test func whatThisMachineCannotOpenIsNotTakenForNobody() throws {
        final class Blind: CurlReceiver {
            func take(_ piece: UnsafeRawBufferPointer, status: Int) -> Bool { true }
            func takeHeader(_ count: Int) -> Bool { true }
            func permits(_ address: UnsafeRawBufferPointer) -> Bool { false }
        }
        let handle = try #require(CurlHandle())
        let request = CurlRequest(
            url: "http://127.0.0.1:1/", schemes: "http", isPost: false, headers: [], connectTimeout: .seconds(1),
            end: .total(.seconds(1)))
        do throws(CurlTrouble) {
            _ = try handle.perform(request, Blind())
        } catch {
            guard case .unreachable = error else {
                Issue.record("\(error)")
                return
            }
        }
    }

    /// The page of a refusal may be longer than any document: it is the refusal that counts.
    @Test func aLongRefusalIsARefusal() throws {
        let host = StubHost { asked in
            StubHost.Reply(asked.target == "/2" ? 206 : 404, String(repeating: "a", count: 100_000))
        }
        #expect(try open.send(OutboundRequest(.get, PeerURL(host.url + "/4"))).status == 404)
        #expect(code(open, OutboundRequest(.get, try PeerURL(host.url + "/2"))) == .tooLarge)
    }

    /// Hosts that never answer take their share of the room, and others are asked all the same.
    @Test func slowHostsLeaveRoomForOthers() throws {
        let gate = DispatchSemaphore(value: 0)
        let slow = (0..<3).map { _ in
            StubHost { _ in
                gate.wait()
                return StubHost.Reply()
            }
        }
        let (known, unknown) = (StubHost { _ in StubHost.Reply() }, StubHost { _ in StubHost.Reply() })
        let client = OutboundClient(
            policy: OutboundPolicy(allowsLoopback: true), userAgent: "test", concurrency: 4, named: [unknown.url])
        func ask(_ host: StubHost) throws -> OutboundError.Code? {
            code(client, OutboundRequest(.get, try PeerURL(host.url), totalTimeout: .seconds(60)))
        }
        #expect(try ask(known) == nil)
        let waiting = DispatchGroup()
        for host in slow {
            let url = try PeerURL(host.url)
            DispatchQueue.global().async(group: waiting) {
                _ = try? client.send(OutboundRequest(.get, url, totalTimeout: .seconds(60)))
            }
            while host.requests.isEmpty { sched_yield() }
            #expect(try ask(host) == .busy, "one host has a quarter of the room")
        }
        let third = StubHost { _ in StubHost.Reply() }
        #expect(try ask(third) == .busy, "the last quarter is for hosts that answered, and those that were named")
        #expect(try ask(known) == nil && ask(unknown) == nil)
        for _ in slow { gate.signal() }
        waiting.wait()
        #expect(try ask(third) == nil)
    }

    @Test func aHeaderCannotSmuggleAnother() throws {
        let host = StubHost { _ in StubHost.Reply() }
        let asked = OutboundRequest(.get, try PeerURL(host.url), headers: [("X-A", "b\r\nX-C: d")])
        #expect(code(open, asked) == .malformedURL && host.requests.isEmpty)
    }
}
