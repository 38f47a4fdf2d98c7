import CapTesting
import Glibc
import Multiformats
import Synchronization
import Testing

@testable import CapService

/// How a called name finds its method, and what is refused before any handler runs.
@Suite struct XRPCDispatchTests {
    static let methods: [XRPCMethod] = [
        .query("com.atproto.space.getThing", aliases: ["dev.happyview.space.getThing"]) { call in
            .json(["nsid": .string(call.nsid), "alias": .bool(call.isAlias)])
        },
        .procedure("com.atproto.space.putThing", aliases: ["dev.happyview.space.getThing"]) { call in
            .json(.object(call.input.object), status: call.isAlias ? 201 : 200)
        },
        .procedure("com.atproto.server.makeThing", feature: nil) { _ in .empty() },
        .query("com.atproto.space.refuse") { call in
            throw XRPCError(try call.parameters.text("name"), "no")
        },
        .query("com.atproto.space.fail") { _ in
            struct Secret: Error { let words = "a secret" }
            throw Secret()
        },
    ]

    static func error(_ response: RawResponse) -> String? { response.json["error"]?.string }

    @Test func aNameAndAVerbFindTheirMethod() throws {
        let service = try XRPCTestService(Self.methods)
        #expect(
            try service.get("com.atproto.space.getThing").json == [
                "nsid": "com.atproto.space.getThing", "alias": false,
            ]
        )
        #expect(
            try service.get("dev.happyview.space.getThing").json
                == ["nsid": "dev.happyview.space.getThing", "alias": true])
        let posted = try service.post("dev.happyview.space.getThing", ["a": 1])
        #expect(posted.status == 201 && posted.json == ["a": 1])
        #expect(try service.post("com.atproto.server.makeThing", nil).body.isEmpty)
        let head = try service.wire.ask("HEAD", "/xrpc/com.atproto.space.getThing")
        #expect(head.status == 200 && head.body.isEmpty)
    }

    @Test func whatNobodyServesIsNotImplemented() throws {
        let service = try XRPCTestService(Self.methods)
        for name in [
            "com.atproto.space.other", "", "com.atproto.space.getThing/", "x%2Ey", "com.atproto.space.GetThing",
        ] {
            let refused = try service.get(name)
            #expect(refused.status == 501 && Self.error(refused) == "MethodNotImplemented", "`\(name)`")
            #expect(refused.header("x-decision-id") != nil)
        }
    }

    @Test func theWrongVerbIs405AndNamesTheRightOne() throws {
        let service = try XRPCTestService(Self.methods)
        let refused = try service.post("com.atproto.space.refuse", [:])
        #expect(
            refused.status == 405 && refused.header("allow") == "GET, HEAD" && Self.error(refused) == "InvalidRequest")
        let other = try service.get("com.atproto.space.putThing")
        #expect(other.status == 405 && other.header("allow") == "POST")
    }

    @Test func aFeatureThatIsOffAnswersBeforeAnythingElse() throws {
        let service = try XRPCTestService(Self.methods) { $0.disabledFeatures = [.spaces] }
        let wanted: JSON = [
            "error": "FeatureDisabled",
            "message": "The feature 'feature.spaces_enabled' is not currently enabled on this instance",
        ]
        for name in [
            "com.atproto.space.getThing", "dev.happyview.space.getThing", "com.atproto.space.putThing",
            "com.atproto.simplespace.unknown", "com.atproto.space.getThing?broken=%",
        ] {
            let refused = try service.get(name, headers: ["Authorization: Bearer nonsense"])
            #expect(refused.status == 404 && refused.json == wanted, "\(name)")
        }
        #expect(try service.post("com.atproto.space.putThing", ["a": 1]).status == 404)
        #expect(try service.post("com.atproto.server.makeThing", nil).status == 200)
        #expect(try service.get("com.example.other").status == 501)
    }

    /// The table of atproto-spaces.md 20.
    @Test(arguments: [
        ("InvalidRequest", 400, 400), ("SpaceNotFound", 400, 404), ("SpaceDeleted", 400, 404),
        ("SpaceAlreadyExists", 400, 409), ("RepoNotFound", 400, 404), ("RepoTakendown", 400, 404),
        ("RepoSuspended", 400, 404), ("RepoDeactivated", 400, 404), ("RecordNotFound", 400, 404),
        ("RecordAlreadyExists", 400, 409), ("BlobNotFound", 400, 404), ("InvalidSwap", 409, 409),
        ("NotSpaceOwner", 400, 403), ("UserNotAuthorized", 400, 403), ("AppNotAuthorized", 400, 403),
        ("NotAuthorized", 400, 403), ("InvalidDelegationToken", 400, 401), ("InvalidClientAttestation", 400, 401),
        ("InvalidCredential", 400, 401), ("UnsupportedPolicy", 400, 400), ("UnsupportedAppAccess", 400, 400),
        ("ServiceNotResolvable", 400, 400), ("MalformedCursor", 400, 400), ("HistoryUnavailable", 400, 400),
        ("FutureRev", 400, 400), ("PayloadTooLarge", 413, 413), ("Forbidden", 403, 403),
        ("WriteNotAuthorized", 403, 403), ("InsufficientScope", 403, 403), ("FeatureDisabled", 404, 404),
        ("AuthMissing", 401, 401), ("MissingJwt", 401, 401), ("BadJwt", 401, 401), ("BadJwtType", 401, 401),
        ("BadJwtIss", 401, 401), ("BadJwtSub", 401, 401), ("BadJwtAudience", 401, 401), ("BadJwtCnf", 401, 401),
        ("BadJwtSignature", 401, 401), ("JwtExpired", 401, 401), ("JwtReplayed", 401, 401),
        ("MissingDpopProof", 401, 401), ("BadDpopProof", 401, 401), ("BadDpopProofSignature", 401, 401),
        ("DpopProofExpired", 401, 401), ("DpopKeyMismatch", 401, 401), ("BadSpaceSignature", 401, 401),
        ("BadSpaceAudience", 401, 401), ("CredentialRevoked", 401, 401), ("RateLimitExceeded", 429, 429),
        ("MemberAlreadyExists", 400, 409), ("MethodNotImplemented", 501, 501), ("InternalServerError", 500, 500),
        ("UpstreamFailure", 502, 502),
    ])
    func everyNameHasItsStatusByNamespace(name: String, plain: Int, alias: Int) {
        #expect(XRPCError.status(of: name, isAlias: false) == plain)
        #expect(XRPCError.status(of: name, isAlias: true) == alias)
    }

    @Test func refusalsAreNamedAndHideTheirInside() throws {
        let service = try XRPCTestService(Self.methods)
        let refused = try service.get("com.atproto.space.refuse?name=SpaceNotFound")
        #expect(refused.status == 400 && refused.json == ["error": "SpaceNotFound", "message": "no"])
        #expect(refused.reason == "SpaceNotFound" && refused.header("x-decision-id") != nil)
        #expect(refused.header("www-authenticate") == nil && refused.header("content-type") == "application/json")
        let failed = try service.get("com.atproto.space.fail")
        #expect(failed.status == 500 && Self.error(failed) == "InternalServerError" && !failed.text.contains("secret"))
        for (headers, name, challenge) in [
            ([], "AuthMissing", "DPoP"), (["Authorization: Atproto-Space x"], "JwtExpired", "Atproto-Space"),
            (["Authorization: DPoP x"], "JwtExpired", "DPoP"), ([], "BadSpaceSignature", "Atproto-Space"),
        ] {
            let refused = try service.get("com.atproto.space.refuse?name=\(name)", headers: headers)
            #expect(refused.status == 401 && refused.header("www-authenticate") == challenge, "\(name)")
        }
    }

    @Test func everyRegisteredNameAndVerbIsUnique() {
        var seen: Set<String> = []
        for method in ServedFamilies.standard.table.methods {
            for name in [method.nsid] + method.aliases {
                #expect(seen.insert("\(method.verb) \(name)").inserted, "\(name) is registered twice")
            }
        }
    }

    @Test func waitingCallsDoNotHoldUpTheServerThread() throws {
        let isOpen = Atomic<Bool>(false)
        let service = try XRPCTestService([
            .procedure("com.atproto.space.wait") { _ in
                while !isOpen.load(ordering: .acquiring) { usleep(1000) }
                return .empty()
            },
            .query("com.atproto.space.open") { _ in
                isOpen.store(true, ordering: .releasing)
                return .empty()
            },
            .query("com.atproto.space.later") { call in
                try call.willWait()
                return .json(["waits": .bool(call.mayWait)])
            },
        ])
        let waiting = try #require(RawSocket(port: service.port))
        waiting.send("POST /xrpc/com.atproto.space.wait HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        // The one server thread is free all the while.
        #expect(try service.get("com.atproto.space.later").json == ["waits": true])
        #expect(try service.get("com.atproto.space.open").status == 200)
        #expect(waiting.readResponse()?.status == 200)
    }

    /// Questions about authority run on the threads of questions and nowhere else: with those stopped, nobody answers them.
    @Test(arguments: ["whoCan", "whatCan", "findPath", "simulate"])
    func questionsWaitForTheThreadsOfQuestions(_ name: String) throws {
        let service = try XRPCTestService(GraphRoutes.methods)
        service.service.questions.stop(deadline: .seconds(5))
        let nsid = "dev.capabilitygraph.graph." + name
        let answer = name == "simulate" ? try service.post(nsid, [:]) : try service.get(nsid)
        #expect(answer.status == 503 && Self.error(answer) == "ServiceUnavailable", "\(answer.text)")
        let other = try service.post("dev.capabilitygraph.graph.revoke", [:])
        #expect(other.status != 503, "\(other.text)")
    }
}
