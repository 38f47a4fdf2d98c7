import CapTesting
import Identity
import Multiformats
import Testing
import UCAN

@testable import CapService

/// Callers by the session of an account here (atproto-spaces.md 3, 20).
@Suite struct SessionCallerTests {
    @Test func withoutACredentialACallerIsNobody() throws {
        let scene = try CallerScene()
        #expect(try scene.get(CallerScene.getRecord, "", []) == ["kind": "anonymous"])
    }

    @Test func aSessionIsItsAccountAndSaysHowItBegan() throws {
        let scene = try CallerScene()
        let alice = try scene.account("alice")
        let told = try scene.get(CallerScene.getRecord, "", ["Authorization: Bearer \(alice.access)"])
        #expect(told["did"]?.string == alice.did && told["grant"] == "full")
        #expect(told["session"]?.string?.hasPrefix("urn:capabilitygraph:session:") == true)
        let accounts = scene.test.service.accounts
        let password = try accounts.createAppPassword(
            "reader", isPrivileged: false, of: DID(alice.did), at: scene.time)
        let (_, tokens) = try accounts.login(SignInName(alice.did), password: password, at: scene.time)
        let app = try scene.get(CallerScene.getRecord, "", ["Authorization: bearer \(tokens.access)"])
        #expect(app["did"]?.string == alice.did && app["grant"] == "appPassword")
    }

    @Test func sessionsThatEndedExpiredOrWereNeverMadeAreRefused() throws {
        let scene = try CallerScene()
        let alice = try scene.account("alice")
        func ask(_ token: String) throws -> JSON {
            try scene.get(CallerScene.getRecord, "", ["Authorization: Bearer \(token)"])
        }
        #expect(try ask("nonsense") == "401 BadJwt")
        #expect(try ask(alice.refresh) == "401 BadJwt")
        #expect(try ask(String(alice.access.dropLast(4)) + "AAAA") == "401 BadJwt")
        scene.advance(2 * 3600)
        #expect(try ask(alice.access) == "400 ExpiredToken")
        scene.advance(-3600)
        #expect(try ask(alice.access)["did"]?.string == alice.did)
        try scene.test.service.accounts.end(refresh: alice.refresh, at: scene.time)
        #expect(try ask(alice.access) == "401 BadJwt")
    }

    @Test func aCredentialComesOnceInTheHeaderAndNowhereElse() throws {
        let scene = try CallerScene()
        let alice = try scene.account("alice")
        let header = "Authorization: Bearer \(alice.access)"
        #expect(try scene.get(CallerScene.getRecord, "access_token=\(alice.access)", []) == "401 BadJwt")
        #expect(try scene.get(CallerScene.getRecord, "credential=x", [header]) == "401 BadJwt")
        #expect(try scene.get(CallerScene.getRecord, "", ["Authorization: Basic YTpi"]) == "401 BadJwt")
        #expect(try scene.get(CallerScene.getRecord, "", [header, header]) == "401 BadJwt")
    }

    @Test func whoCallsTooOftenWaits() throws {
        let scene = try CallerScene {
            $0.requestsPerMinute = 60
            $0.requestBurst = 2
        }
        let (alice, bob) = (try scene.account("alice"), try scene.account("bob"))
        func ask(_ access: String) throws -> JSON {
            try scene.get(CallerScene.getRecord, "", ["Authorization: Bearer \(access)"])
        }
        for _ in 1...2 { #expect(try ask(alice.access)["kind"] == "account") }
        #expect(try ask(alice.access) == "429 RateLimitExceeded")
        #expect(try ask(bob.access)["kind"] == "account", "one account does not use up another's")
        scene.advance(1)
        #expect(try ask(alice.access)["kind"] == "account")
    }
}
