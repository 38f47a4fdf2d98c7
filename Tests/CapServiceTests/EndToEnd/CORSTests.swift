import Multiformats
import Testing
import UCAN

@Suite struct CORSTests {
    @Test func everyAnswerMayBeReadByAPage() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        let wire = scene.wire
        Refused.expectCORS(try wire.get("/version"), "version")
        Refused.expectCORS(try wire.get("/healthz"), "healthz")
        Refused.expectCORS(try wire.get("/metrics"), "metrics")
        Refused.expectCORS(try scene.delegate(root), "delegate")
        Refused.expectCORS(try scene.read(scene.session, proofs: [root]), "invoke")
        Refused.expectCORS(try scene.read(scene.session, proofs: [root], ["type": "list", "limit": 1]), "a page")
        Refused.expectCORS(try scene.status(of: root.cid.text, by: scene.session), "status")
        Refused.expectCORS(try scene.revoke(root, by: scene.session), "revoke")
        Refused.expectCORS(try scene.check(scene.session, "tinycloud.kv/get", "kv/notes/"), "authorize")
        for path in ["/delegate", "/invoke", "/anything/else"] {
            let preflight = try wire.ask(
                "OPTIONS", path,
                headers: ["Origin: https://app.example", "Access-Control-Request-Method: POST"])
            #expect(preflight.status == 200 && preflight.body.isEmpty)
            Refused.expectCORS(preflight, path)
        }
        // What the server itself turns away, too.
        let refused = try wire.ask("POST", "/delegate", headers: ["Expect: the impossible"])
        #expect(refused.status == 417 && refused.reason == "unsupportedExpectation")
        #expect(refused.header("x-decision-id")?.utf8.count == 16)
        Refused.expectCORS(refused, "expectation")
    }

    @Test func itCanBeTurnedOff() throws {
        let scene = try Scene(options: ["--cors", "off"])
        for response in [try scene.wire.get("/version"), try scene.wire.post("/invoke", nil)] {
            #expect(response.headers.allSatisfy { !$0.name.hasPrefix("access-control-") })
        }
    }
}
