import Multiformats
import Testing

@testable import CapClient

@Suite struct CapClientTests {
    private let stub: StubService

    init() throws {
        stub = try #require(StubService())
    }

    private func client(_ path: String, limit: Int = 1 << 16) throws -> CapClient {
        try CapClient(
            baseURL: stub.url(path),
            timeouts: Timeouts(connect: .seconds(2), total: .milliseconds(1_500)),
            maxResponseBytes: limit
        )
    }

    private func error(_ path: String) throws -> ClientError? {
        do throws(ClientError) {
            _ = try CapClient(baseURL: stub.url(path), timeouts: .default).delegate(authorization: "token")
            return nil
        } catch {
            return error
        }
    }

    @Test func questionsReachTheirRouteWithTheirToken() throws {
        let seen = try JSON.parse(client("echo").invoke(authorization: "a.b.c", body: Array("hello".utf8)))
        #expect(seen["method"] == "POST")
        #expect(seen["path"] == "/invoke")
        #expect(seen["authorization"] == "a.b.c")
        #expect(seen["body"] == "hello")
        #expect(seen["expect"] == .null)
        let empty = try JSON.parse(client("echo").invoke(authorization: "a.b.c"))
        #expect(empty["body"] == "")
        let page = try client("echo").query(authorization: "t", body: ["limit": 3])
        #expect(page["path"] == "/delegation/query")
        #expect(page["type"] == "application/json")
        #expect(page["body"] == #"{"limit":3}"#)
        #expect(try client("echo").version()["path"] == "/version")
        try client("echo").health()
    }

    @Test func spacesAreEncodedIntoThePath() throws {
        #expect(try client("peer").peerGenerate(space: "tinycloud:a/b:c").hasPrefix("did:key:z6Mk"))
        #expect(PercentEncoding.encode("tinycloud:a/b c%é") == "tinycloud%3Aa%2Fb%20c%25%C3%A9")
    }

    @Test func oneConnectionAnswersManyQuestions() throws {
        let client = try client("echo")
        for number in 0..<20 {
            let seen = try JSON.parse(client.invoke(authorization: "t", body: Array("\(number)".utf8)))
            #expect(seen["body"] == .string("\(number)"))
        }
    }

    @Test func refusalsKeepStatusNameAndWords() throws {
        #expect(
            try error("text") == ClientError(.http, "Unauthorized Delegator: did:key:z6Mk", status: 401)
        )
        #expect(try error("page") == ClientError(.http, "no token", status: 401, serviceCode: "Unauthorized"))
        #expect(
            try error("named")
                == ClientError(
                    .http, "delegation expired", status: 403, serviceCode: "expired", hint: "ask for another")
        )
        #expect(try error("silent") == ClientError(.http, "the service answered 503 without a word", status: 503))
    }

    @Test func redirectsAreNotFollowed() throws {
        #expect(try error("redirect")?.status == 302)
    }

    @Test func answersThatAreNoAnswersAreRefused() throws {
        #expect(try error("garbage")?.code == .invalidAnswer)
        #expect(try error("duplicate")?.code == .invalidAnswer)
        #expect(try error("wrong")?.code == .invalidAnswer)
    }

    @Test func answersBeyondTheLimitAreCutOff() throws {
        let client = try client("large")
        let error = #expect(throws: ClientError.self) { try client.invoke(authorization: "t") }
        #expect(error?.code == .answerTooLarge)
    }

    @Test func slowServicesTimeOut() throws {
        let client = try client("slow")
        let error = #expect(throws: ClientError.self) { try client.invoke(authorization: "t") }
        #expect(error?.code == .timeout)
    }

    @Test func brokenAndMissingServicesAreUnreachable() throws {
        let cut = try client("cut")
        #expect(#expect(throws: ClientError.self) { try cut.invoke(authorization: "t") }?.code == .unreachable)
        let nobody = try CapClient(baseURL: "http://127.0.0.1:1")
        #expect(#expect(throws: ClientError.self) { try nobody.health() }?.code == .unreachable)
    }

    @Test func unknownDelegationsAreAnAnswer() throws {
        let status = try client("notfound").status(authorization: "t", cid: "x")
        #expect(!status.exists)
        #expect(status.status == "not_found")
        let text = try client("text")
        #expect(#expect(throws: ClientError.self) { try text.status(authorization: "t", cid: "x") }?.status == 401)
    }

    @Test(arguments: ["", "ftp://a", "http://", "http://a b", "http://u@h", "http://h?q", "file:///etc", "http://:80"])
    func addressesOfNoServiceAreRefused(_ url: String) {
        #expect(throws: ClientError.self) { try CapClient(baseURL: url) }
    }

    @Test func addressesLoseTheirTrailingSlash() throws {
        #expect(try BaseURL("https://node.example/prefix//").description == "https://node.example/prefix")
        #expect(try BaseURL("http://[::1]:80").isLoopback)
        #expect(try !BaseURL("http://127.0.0.1.example").isLoopback)
    }

    @Test func tokensCannotSmuggleHeaders() throws {
        let client = try client("echo")
        for token in ["", "a\r\nX: y", "a\nb", "é"] {
            let error = #expect(throws: ClientError.self) { try client.invoke(authorization: token) }
            #expect(error?.code == .invalidRequest)
        }
    }
}
