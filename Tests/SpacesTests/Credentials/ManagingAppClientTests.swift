import ATProto
import CapabilityGraph
import Identity
import Multiformats
import Testing
import UCAN

@testable import Spaces

/// How a managing application is asked, and that only a clear yes is one (section 15).
@Suite struct ManagingAppClientTests {
    private let keys = PeopleKeys()
    private let pages = StubPages()
    private let now = Timestamp(seconds: 1_700_000_000)
    private let space: SpaceURI
    private let app = "did:web:app.example"
    private let place = "https://app.example/base/xrpc/com.atproto.simplespace.checkUserAccess"

    init() throws {
        space = try SpaceURI("at://did:web:alice.here.example/space/com.example.forum/a~b")
        let document = try DIDDocument.make(
            did: app, handle: nil, keys: [],
            services: [
                ("#forum", "ForumApp", "https://app.example/base/"),
                ("#atproto_pds", "AtprotoPersonalDataServer", "https://pds.example"),
            ])
        pages["https://app.example/.well-known/did.json"] = String(
            decoding: document.json.serialized(), as: UTF8.self)
    }

    private func admits(
        _ service: String = "did:web:app.example#forum", _ access: ManagingAppQuestion.Access = .read,
        clientID: String? = nil
    ) throws -> Bool {
        let resolver = IdentityResolver(
            outbound: pages, plcURL: try PeerURL("https://plc.example"), now: { 0 }, hosted: { _ in nil })
        let client = RemoteManagingApps(signer: keys, resolver: resolver, outbound: pages)
        return try client.admits(
            ManagingAppQuestion(
                app: service, space: space, user: try DID("did:web:bob.example"), access: access, clientID: clientID),
            at: now)
    }

    @Test func theQuestionIsSignedByTheAuthorityForThatService() throws {
        pages[place] = #"{"authorized":true}"#
        #expect(try admits(clientID: "https://c.example/c?d=e&f"))
        let asked = try #require(pages.asked.last)
        #expect(asked.method == .get && asked.totalTimeout == .seconds(5))
        #expect(
            asked.url.description == place
                + "?space=at%3A%2F%2Fdid%3Aweb%3Aalice.here.example%2Fspace%2Fcom.example.forum%2Fa~b"
                + "&user=did%3Aweb%3Abob.example&access=read&clientId=https%3A%2F%2Fc.example%2Fc%3Fd%3De%26f")
        let bearer = try #require(asked.headers.first { $0.name == "Authorization" }?.value)
        let token = try ServiceAuthToken.verify(
            String(bearer.dropFirst("Bearer ".count)), audiences: ["did:web:app.example#forum"],
            method: "com.atproto.simplespace.checkUserAccess", keys: keys.source, at: now)
        #expect(token.issuer == space.authority && token.audience == "did:web:app.example#forum")
        #expect(try admits(access: .write) && pages.asked.last?.url.target.contains("access=write") == true)
        #expect(pages.asked.last?.url.target.contains("clientId") == false)
    }

    private func admits(access: ManagingAppQuestion.Access) throws -> Bool {
        try admits("did:web:app.example#forum", access)
    }

    @Test func aBareIdentifierMeansTheAccountsHost() throws {
        pages["https://pds.example/xrpc/com.atproto.simplespace.checkUserAccess"] = #"{"authorized":true}"#
        #expect(try admits(app))
        #expect(try !admits("did:web:app.example#other"), "a service that is not published")
        #expect(try !admits("did:web:nobody.example#forum"))
    }

    @Test(arguments: [
        #"{"authorized":false}"#, #"{"authorized":"true"}"#, #"{"authorized":1}"#, "{}", "", "[]", "true",
        #"{"authorized":true,"authorized":true}"#, #"{"authorized":true"#,
    ])
    func whatIsNoClearYesIsANo(_ body: String) throws {
        pages[place] = body
        #expect(try !admits())
    }

    @Test(arguments: [201, 204, 301, 302, 400, 401, 403, 404, 500, 503])
    func otherStatusesAreANoWhateverTheySay(_ status: Int) throws {
        pages.answer(place, OutboundResponse(status: status, body: Array(#"{"authorized":true}"#.utf8)))
        #expect(try !admits())
        #expect(pages.asked.filter { $0.url.description.hasPrefix(place) }.count == 1, "one try")
    }

    @Test func silenceIsANo() throws {
        #expect(try !admits())
    }
}
