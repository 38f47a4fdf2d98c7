import ATProto
import CapTesting
import Multiformats
import Testing
import UCAN

@testable import CapService

/// Unbound credentials of profile X, taken only where it is on (atproto-spaces.md 4.9).
@Suite struct LegacyCallerTests {
    private struct Rig {
        let scene: CallerScene
        let key: PrivateKey
        let space: SpaceURI
        let name = CallerScene.getRecord

        init(_ hasProfileX: Bool) throws {
            scene = try CallerScene { $0.hasProfileX = hasProfileX }
            key = try PrivateKey.generate(.p256)
            space = try SpaceURI(
                "at://\(scene.publish("forum", [KeyID.space: key]))/space/com.example.forum/main")
        }

        var credential: String {
            get throws {
                try LegacyToken.makeCredential(
                    member: "did:web:bob.example", space: space, key: key, at: scene.time)
            }
        }

        /// One of today's type without a key.
        func unbound(_ changes: [String: JSON] = [:]) throws -> String {
            let bound = try SpaceCredential.make(
                space: space, binding: .thumbprint(key.publicKey.thumbprint), keyID: KeyID.space, key: key,
                at: scene.time)
            return try Forged.changing(bound.text, ["cnf": .null].merging(changes) { $1 }, by: key)
        }

        func ask(_ header: String) throws -> JSON { try scene.get(name, "", [header]) }
    }

    @Test func theyAreTakenWhereTheProfileIsOn() throws {
        let rig = try Rig(true)
        for header in [
            "Authorization: Bearer \(try rig.credential)", "X-Space-Credential: \(try rig.credential)",
            "Authorization: Bearer \(try rig.unbound())",
        ] {
            let told = try rig.ask(header)
            #expect(told["kind"] == "credential" && told["space"]?.string == rig.space.text, "\(told)")
            #expect(told["did"]?.string?.hasPrefix("urn:capabilitygraph:session:bearer-") == true)
        }
        let bound = try SpaceCredential.make(
            space: rig.space, binding: .thumbprint(rig.key.publicKey.thumbprint), keyID: KeyID.space, key: rig.key,
            at: rig.scene.time
        ).text
        #expect(try rig.ask("Authorization: Bearer \(bound)") == "401 BadJwtCnf", "a bound one is never a bearer's")
        #expect(try rig.ask("X-Space-Credential: \(bound)") == "401 BadJwtCnf")
        let old = try rig.unbound()
        rig.scene.advance(606)
        #expect(try rig.ask("Authorization: Bearer \(old)") == "401 JwtExpired")
    }

    @Test func theyAreNobodysWhereItIsOff() throws {
        let rig = try Rig(false)
        #expect(try rig.ask("Authorization: Bearer \(rig.credential)") == "401 BadJwt")
        #expect(try rig.ask("X-Space-Credential: \(rig.credential)") == ["kind": "anonymous"])
        #expect(try rig.ask("Authorization: Bearer \(rig.unbound())") == "401 BadJwtCnf")
    }
}
