import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import CapService

/// A store that cannot be read says nothing of who asks.
@Suite struct UnreadableStoreTests {
    @Test func whoseIssuerCannotBeLookedUpIsNotTakenForOneWithoutAKey() throws {
        let test = try XRPCTestService(ServedFamilies.standard.table.methods)
        let (key, service) = (try PrivateKey.generate(.ed25519), test.service)
        let token = try TokenMaker.ucan(
            issuer: key, audience: service.nodeDID,
            capabilities: [TokenCapability(resource: "at://did:web:b.example", ability: "tinycloud.kv/get")],
            proofs: [], expires: Timestamp(seconds: service.now().microseconds / 1_000_000 + 60),
            nonce: TokenID.random(), issuerDID: DID("did:web:a.example"))
        service.store.close()
        for path in ["/delegate", "/invoke", "/revoke"] {
            let answer = try test.wire.post(path, token)
            #expect(answer.status == 500, "\(path): \(answer.status) \(answer.text)")
            #expect(answer.header("x-capability-reason") == "closed", "\(path)")
        }
        let called = try test.get(
            "com.atproto.space.listSpaces", headers: ["Authorization: \(token.authorization())"])
        #expect(called.status == 500 && called.json["error"] == "InternalServerError", "\(called.text)")
        #expect(!called.text.contains("closed") && !called.text.contains("reader"), "\(called.text)")
    }

    @Test func whatCannotBeReadIsSaidAsWhatItIs() throws {
        let test = try XRPCTestService(ServedFamilies.standard.table.methods)
        let service = test.service
        service.store.close()
        let space = try Space("at://did:web:a.example/space/com.example.forum/main")
        let asked = #expect(throws: ErrorAnswer.self) {
            try service.completed(
                nil, (ability: .spaceDelete, resource: Resource.atproto(space: space, path: "did:web:a.example")))
        }
        #expect(asked?.reason == "closed" && asked?.status == 500)
        #expect(throws: ErrorAnswer.self) { try service.readiness() }
        let failure = #expect(throws: ErrorAnswer.self) { try service.health() }
        #expect(failure?.status == 500 && failure?.reason == "databaseUnreachable")
    }
}
