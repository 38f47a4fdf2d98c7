import CapTesting
import Multiformats
import Testing

/// Accounts and sessions as clients of the protocol meet them, over HTTP.
@Suite struct AccountRouteTests {
    private func expect(_ response: RawResponse, _ status: Int, _ error: String, _ note: String = "") {
        #expect(response.status == status && response.json["error"]?.string == error, "\(note) \(response.text)")
        #expect(response.header("x-decision-id") != nil)
    }

    @Test func theServiceDescribesWhatAClientNeeds() throws {
        let scene = try AccountScene()
        let described = try scene.get("com.atproto.server.describeServer")
        let port = scene.service.port
        #expect(described.status == 200 && described.json["did"]?.string == "did:web:localhost%3A\(port)")
        #expect(described.json["availableUserDomains"]?.strings == [".localhost"])
        #expect(described.json["inviteCodeRequired"] == false)
        let ucan = described.json["spaces"]?["ucan"]
        #expect(described.json["spaces"]?["profiles"]?.strings == ["P", "N", "C"])
        #expect(ucan?["audience"]?.string?.hasPrefix("did:key:z6Mk") == true && ucan?["scheme"] == "Bearer")
        for (name, ability) in [
            ("read", "read"), ("create", "create"), ("update", "update"), ("delete", "delete"), ("manage", "manage"),
        ] {
            #expect(ucan?[name]?.string == "atproto.space/\(ability)")
        }
        #expect(try scene.wire.get("/version").json["nodeId"] == ucan?["audience"])
    }

    @Test func anAccountIsMadeFromAHandleAndAPassword() throws {
        let scene = try AccountScene()
        let alice = try scene.create("alice")
        #expect(alice.did == "did:web:alice.localhost%3A\(scene.service.port)" && alice.handle == "alice.localhost")
        let session = try scene.get("com.atproto.server.getSession", alice.access)
        #expect(session.status == 200 && session.json["did"]?.string == alice.did && session.json["active"] == true)
        let document = session.json["didDoc"]
        #expect(document?["id"]?.string == alice.did && document?["alsoKnownAs"]?.strings == ["at://alice.localhost"])
        #expect(document?["verificationMethod"]?.texts("id") == ["\(alice.did)#atproto"])
        #expect(document?["service"]?.texts("id") == ["#atproto_pds", "#atproto_space_host"])
        #expect(
            document?["service"]?.texts("serviceEndpoint") == [scene.service.url, scene.service.url],
            "where the service was reached")
        let create = "com.atproto.server.createAccount"
        func refused(_ handle: JSON, _ password: JSON, _ error: String) throws {
            expect(try scene.post(create, nil, ["handle": handle, "password": password]), 400, error, "\(handle)")
        }
        try refused("alice.localhost", "x", "HandleNotAvailable")
        try refused("ALICE.localhost", "x", "HandleNotAvailable")
        try refused("alice.example", "x", "UnsupportedDomain")
        try refused("a.b.localhost", "x", "InvalidHandle")
        try refused("alice", "x", "InvalidHandle")
        try refused("al ice.localhost", "x", "InvalidHandle")
        try refused("bob.localhost", "", "InvalidPassword")
        try refused("bob.localhost", "short", "InvalidPassword")
        try refused("bob.localhost", "Password123", "InvalidPassword")
        try refused("bob.localhost", 7, "InvalidRequest")
        expect(try scene.post(create, nil, ["handle": "bob.localhost"]), 400, "InvalidRequest")
        expect(try scene.post(create, nil, nil), 400, "InvalidRequest")
    }

    /// RFC 2142's mailboxes and RFC 6761's `localhost`, what PDS hosts reserve, and the operator's own.
    @Test func namesOfTheServiceAreNobodys() throws {
        let known = "did:web:dave.localhost%3A8137"
        let scene = try AccountScene(options: [
            "--registration", "open", "--reserved-names", "club,house", "--public-url", "http://pds.localhost:8137",
            "--user-domains", "localhost", "--service-principals", "did:web:trusted.localhost%3A8137",
        ])
        let create = "com.atproto.server.createAccount"
        func made(_ name: String) throws -> RawResponse {
            try scene.post(create, nil, ["handle": .string(name + ".localhost"), "password": "a secret of hers"])
        }
        for name in [
            "www", "admin", "root", "support", "localhost", "WWW", "postmaster", "abuse", "api", "club", "house", "pds",
            "trusted",
        ] { expect(try made(name), 400, "HandleNotAvailable", "\(name)") }
        // Whom a statement names has a name already: nobody becomes that principal by registering.
        let alice = try made("alice")
        #expect(alice.status == 200, "\(alice.text)")
        let signed = try AccountScene.Signed(alice.json)
        let space = try scene.post(
            "com.atproto.simplespace.createSpace", signed.access, ["type": "com.example.forum", "skey": "main"])
        let uri = try #require(space.json["uri"]?.string, "\(space.text)")
        let added = try scene.post(
            "com.atproto.simplespace.addMember", signed.access, ["space": .string(uri), "did": .string(known)])
        #expect(added.status == 200, "\(added.text)")
        expect(try made("dave"), 400, "HandleNotAvailable")
        #expect(try made("erin").status == 200)
    }

    /// Only where those responsible for a name say that nothing is published is the name free: all else leaves it open.
    @Test func aNameIsFreeOnlyWhereItsHostSaysSo() throws {
        let (reply, large) = (Locked(StubHost.Reply(404)), String(repeating: " ", count: 100_000))
        let host = StubHost { _ in reply.withLock { $0 } }
        let scene = try AccountScene(options: [
            "--registration", "open", "--allow-loopback-peers", "--user-domains", "localhost", "--public-url",
            "http://pds.localhost:\(host.port)",
        ])
        var rows: [(StubHost.Reply, Int, String)] = [301, 302, 400, 401, 403, 421, 429, 451, 500, 503].map { status in
            (StubHost.Reply(status), 503, "ServiceUnavailable")
        }
        rows += ["", "{", "[]", "{}", #"{"id": "did:web:other"}"#, "<html>", large].map { body in
            (StubHost.Reply(200, body), 400, "HandleNotAvailable")
        }
        for (number, (sent, status, error)) in rows.enumerated() {
            reply.withLock { $0 = sent }
            let body: JSON = ["handle": .string("name\(number).localhost"), "password": "a secret of hers"]
            let answer = try scene.post("com.atproto.server.createAccount", nil, body)
            expect(answer, status, error, "\(sent.status), \(sent.body.count) bytes")
            #expect((answer.header("retry-after") != nil) == (status == 503))
        }
        for (number, sent) in [StubHost.Reply(404), StubHost.Reply(410), StubHost.Reply(404, large)].enumerated() {
            reply.withLock { $0 = sent }
            try scene.create("free\(number)")
        }
    }

    @Test func registrationIsClosedUnlessOpened() throws {
        let scene = try AccountScene(options: [])
        let body: JSON = ["handle": "alice.localhost", "password": "a secret of hers"]
        expect(try scene.post("com.atproto.server.createAccount", nil, body), 403, "Forbidden")
        expect(try scene.login("alice.localhost"), 401, "AuthenticationRequired")
        #expect(try scene.get("com.atproto.server.describeServer").status == 200)
    }

    @Test func aHundredAccountsFitInAMinute() throws {
        let scene = try AccountScene()
        for index in 0..<100 { try scene.create("user\(index)") }
        #expect(try scene.whoIs(scene.create("last").access) == "last.localhost")
    }

    @Test func sessionsFollowTheInjectedClock() throws {
        let scene = try AccountScene()
        let alice = try scene.create("alice")
        scene.advance(15 * 60)
        #expect(try scene.whoIs(alice.access) == "alice.localhost")
        scene.advance(2 * 3600)
        expect(try scene.get("com.atproto.server.getSession", alice.access), 400, "ExpiredToken")
        let renewed = try AccountScene.Signed(
            scene.post("com.atproto.server.refreshSession", alice.refresh).json)
        #expect(try scene.whoIs(renewed.access) == "alice.localhost")
        // Within the grace period the answer is the same; after it the one who asks again may be a thief.
        scene.advance(119)
        let again = try AccountScene.Signed(scene.post("com.atproto.server.refreshSession", alice.refresh).json)
        #expect(again.access == renewed.access && again.refresh == renewed.refresh)
        scene.advance(1)
        expect(try scene.post("com.atproto.server.refreshSession", alice.refresh), 400, "ExpiredToken")
        expect(try scene.get("com.atproto.server.getSession", renewed.access), 401, "InvalidToken", "the thief is out")
    }

    @Test func sessionsSurviveARestartOnTheSamePort() throws {
        let folder = TemporaryFolder()
        var scene: AccountScene? = try AccountScene(in: folder)
        let alice = try #require(try scene?.create("alice"))
        let port = try #require(scene?.service.port)
        scene?.service.kill()
        scene = nil
        let again = try AccountScene(
            in: folder, options: ["--registration", "open", "--listen", "127.0.0.1:\(port)"])
        #expect(again.service.port == port)
        #expect(try again.whoIs(alice.access) == "alice.localhost")
        #expect(try again.post("com.atproto.server.refreshSession", alice.refresh).status == 200)
        #expect(try again.login("alice.localhost").status == 200)
        again.service.kill()
        let elsewhere = try AccountScene(in: folder)
        #expect(try elsewhere.whoIs(alice.access) == "alice.localhost", "on another port too")
    }

    @Test func signingOutEndsTheSession() throws {
        let scene = try AccountScene()
        let alice = try scene.create("alice")
        expect(try scene.post("com.atproto.server.deleteSession", alice.access), 401, "InvalidToken")
        #expect(try scene.post("com.atproto.server.deleteSession", alice.refresh).status == 200)
        expect(try scene.get("com.atproto.server.getSession", alice.access), 401, "InvalidToken")
        expect(try scene.post("com.atproto.server.refreshSession", alice.refresh), 400, "ExpiredToken")
    }

    @Test func withoutASessionNothingIsTold() throws {
        let scene = try AccountScene()
        let alice = try scene.create("alice")
        let refused = try scene.get("com.atproto.server.getSession")
        expect(refused, 401, "AuthMissing")
        #expect(refused.header("www-authenticate") == "Bearer")
        expect(try scene.get("com.atproto.server.getSession", alice.refresh), 401, "InvalidToken")
        expect(try scene.get("com.atproto.server.getSession", "nonsense"), 401, "InvalidToken")
        expect(try scene.get("com.atproto.server.getSession?access_token=\(alice.access)"), 401, "BadJwt")
        let twice = try scene.wire.get(
            "/xrpc/com.atproto.server.getSession",
            headers: ["Authorization: Bearer \(alice.access)", "Authorization: Bearer \(alice.access)"])
        expect(twice, 401, "BadJwt")
    }

    @Test func appPasswordsAreMadeListedUsedAndRevoked() throws {
        let scene = try AccountScene()
        let alice = try scene.create("alice")
        let made = try scene.post("com.atproto.server.createAppPassword", alice.access, ["name": "phone"])
        let password = try #require(made.json["password"]?.string)
        #expect(made.json["name"] == "phone" && made.json["createdAt"] == "2026-09-21T14:13:20Z")
        let phone = try AccountScene.Signed(scene.login("alice.localhost", password).json)
        #expect(try scene.whoIs(phone.access) == "alice.localhost")
        for (name, body) in [
            ("createAppPassword", ["name": "other"] as JSON), ("revokeAppPassword", ["name": "phone"]),
        ] {
            expect(try scene.post("com.atproto.server.\(name)", phone.access, body), 403, "Forbidden")
        }
        expect(try scene.get("com.atproto.server.listAppPasswords", phone.access), 403, "Forbidden")
        let listed = try scene.get("com.atproto.server.listAppPasswords", alice.access)
        #expect(listed.json["passwords"]?.texts("name") == ["phone"] && !listed.text.contains(password))
        #expect(try scene.post("com.atproto.server.revokeAppPassword", alice.access, ["name": "phone"]).status == 200)
        expect(try scene.get("com.atproto.server.getSession", phone.access), 401, "InvalidToken")
        expect(try scene.login("alice.localhost", password), 401, "AuthenticationRequired")
        #expect(try scene.whoIs(alice.access) == "alice.localhost")
    }

    @Test func namesAndDocumentsAreAnswered() throws {
        let scene = try AccountScene()
        let alice = try scene.create("alice")
        let handle = try scene.get("com.atproto.identity.resolveHandle?handle=Alice.localhost")
        #expect(handle.json == ["did": .string(alice.did)])
        let did = alice.did.replacing("%", with: "%25")
        let document = try scene.get("com.atproto.identity.resolveDid?did=\(did)").json["didDoc"]
        #expect(document?["id"]?.string == alice.did)
        expect(try scene.get("com.atproto.identity.resolveHandle?handle=nobody.localhost"), 400, "HandleNotFound")
        expect(try scene.get("com.atproto.identity.resolveHandle?handle=no%20handle"), 400, "InvalidRequest")
        expect(try scene.get("com.atproto.identity.resolveHandle"), 400, "InvalidRequest")
        expect(try scene.get("com.atproto.identity.resolveDid?did=nonsense"), 400, "InvalidRequest")
        expect(
            try scene.get("com.atproto.identity.resolveDid?did=did:web:localhost%253A1"), 400, "ServiceNotResolvable")
        expect(try scene.get("com.atproto.identity.resolveDid?did=did:ion:abc"), 400, "InvalidRequest")
    }

    @Test func theHostNamesTheAccount() throws {
        let scene = try AccountScene()
        let alice = try scene.create("alice")
        func ask(_ name: String, host: String) throws -> RawResponse {
            let socket = try #require(RawSocket(port: scene.service.port))
            socket.send("GET /.well-known/\(name) HTTP/1.1\r\nHost: \(host)\r\n\r\n")
            return try #require(socket.readResponse())
        }
        let port = scene.service.port
        for host in ["alice.localhost:\(port)", "alice.localhost", "ALICE.localhost:\(port)"] {
            #expect(try ask("did.json", host: host).json["id"]?.string == alice.did, "\(host)")
            #expect(try ask("atproto-did", host: host).text == alice.did)
        }
        let own = try ask("did.json", host: "localhost:\(port)").json
        #expect(own["id"]?.string == "did:web:localhost%3A\(port)")
        #expect(own["service"]?.texts("serviceEndpoint") == [scene.service.url, scene.service.url])
        for host in ["bob.localhost", "alice.localhost.", "example.org", "x"] {
            #expect(try ask("did.json", host: host).status == 404, "\(host)")
            #expect(try ask("atproto-did", host: host).status == 404, "\(host)")
        }
        #expect(try ask("atproto-did", host: "localhost:\(port)").status == 404)
    }

    @Test func theFeatureSwitchLeavesAccountsOn() throws {
        let scene = try AccountScene(options: ["--registration", "open", "--feature", "spaces_enabled=off"])
        let alice = try scene.create("alice")
        #expect(try scene.whoIs(alice.access) == "alice.localhost")
        expect(try scene.get("com.atproto.space.getRecord", alice.access), 404, "FeatureDisabled")
        expect(try scene.get("dev.happyview.space.anything"), 404, "FeatureDisabled")
    }

    @Test func noSecretIsLogged() throws {
        let scene = try AccountScene(options: ["--registration", "open", "--log-level", "debug"])
        let alice = try scene.create("alice", password: "a-very-secret-password")
        _ = try scene.login("alice.localhost", "another-secret-password")
        _ = try scene.post("com.atproto.server.refreshSession", alice.refresh)
        _ = try scene.post("com.atproto.server.refreshSession", alice.refresh)
        scene.service.stop()
        for secret in [
            "a-very-secret", "another-secret", String(alice.access.suffix(40)), String(alice.refresh.suffix(40)),
        ] {
            #expect(!scene.service.log.contains(secret))
        }
    }
}
