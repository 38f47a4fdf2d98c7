import CapTesting
import Multiformats
import Testing
import UCAN

/// A statement about another statement is told from its shape alone (spec/ucan.md B.7, J.3).
@Suite struct ControlTests {
    private func token(_ att: String, audience: String? = nil, proofs: String = "[]") throws -> UnverifiedToken {
        let forge = try Forge()
        let aud = audience ?? forge.key.did.text
        return try UnverifiedToken.decode(
            authorization: forge.changed(payload: ["att": att, "aud": "\"\(aud)\"", "prf": proofs]).token().utf8
        )
    }

    private let target = "urn:cid:" + Forge.proof

    @Test func theOneShapeNamesItsTarget() throws {
        let revocation = try token("{\"\(target)\":{\"tinycloud.delegation/revoke\":[{}]}}")
        #expect(try revocation.revocationTarget().text == Forge.proof)
        #expect(revocation.controlAction == .revoke)
        let status = try token("{\"\(target)\":{\"tinycloud.delegation/status\":[{}]}}")
        #expect(status.controlAction == .status)
    }

    @Test func everyOtherShapeIsRefusedAndNeverFallsBackToTheProof() throws {
        let proof = "[\"\(Forge.proof)\"]"
        let wrong: [(String, String)] = [
            ("nothing", "{}"),
            ("other ability", "{\"\(target)\":{\"tinycloud.delegation/list\":[{}]}}"),
            ("status", "{\"\(target)\":{\"tinycloud.delegation/status\":[{}]}}"),
            ("both", "{\"\(target)\":{\"tinycloud.delegation/status\":[{}],\"tinycloud.delegation/revoke\":[{}]}}"),
            ("two targets", "{\"\(target)\":{\"tinycloud.delegation/revoke\":[{}]},\"urn:x:a\":{\"a/b\":[{}]}}"),
            ("caveat", "{\"\(target)\":{\"tinycloud.delegation/revoke\":[{\"a\":1}]}}"),
            ("no CID", "{\"urn:cid:bafy\":{\"tinycloud.delegation/revoke\":[{}]}}"),
            ("upper case", "{\"URN:CID:\(Forge.proof)\":{\"tinycloud.delegation/revoke\":[{}]}}"),
            ("query", "{\"\(target)?a\":{\"tinycloud.delegation/revoke\":[{}]}}"),
            (
                "space resource",
                "{\"tinycloud:key:z6Mk:default/delegation/\(Forge.proof)\":{\"tinycloud.delegation/revoke\":[{}]}}"
            ),
        ]
        for (name, att) in wrong {
            let token = try token(att, proofs: proof)
            #expect(throws: UCANError(.wrongKind, ""), "\(name)") { try token.revocationTarget() }
        }
    }

    @Test func handingTheAuthorityOnIsADelegation() throws {
        let att = "{\"\(target)\":{\"tinycloud.delegation/revoke\":[{}]}}"
        let delegation = try token(att, audience: Forge.audience)
        #expect(delegation.controlAction == .revoke)
    }

    @Test func walletRevocationsCarryNothingElse() throws {
        let wallet = try EthereumKey.generate()
        let cid = try CID(text: Forge.proof.utf8)
        let revocation = try TokenMaker.revocation(
            wallet: wallet, target: cid, domain: "example.com", issuedAt: "2026-07-10T11:00:00Z"
        )
        #expect(try revocation.verify().revocationTarget() == cid)
        #expect(revocation.controlAction == .revoke && revocation.audience == .target(cid))
        let laden = try TokenMaker.cacao(
            wallet: wallet, audience: "ucan:" + cid.text,
            capabilities: [TokenCapability(resource: "urn:x:a", ability: "a/b")],
            domain: "example.com", issuedAt: "2026-07-10T11:00:00Z"
        )
        #expect(throws: UCANError(.wrongKind, "")) { try laden.revocationTarget() }
        let root = try TokenMaker.cacao(
            wallet: wallet, audience: Forge.audience, capabilities: [], domain: "example.com",
            issuedAt: "2026-07-10T11:00:00Z"
        )
        #expect(root.controlAction == nil)
        #expect(throws: UCANError(.wrongKind, "")) { try root.revocationTarget() }
    }

    @Test func profilesAreReadFromFactsAlone() throws {
        func flags(_ facts: String) throws -> [Bool] {
            let token = try UnverifiedToken.decode(authorization: Forge().changed(payload: ["fct": facts]).token().utf8)
            return [token.isTerminal, token.isPolicySession]
        }
        #expect(try flags(#"[{"xyz.tinycloud.policy/delegationMode":"terminal"}]"#) == [true, false])
        #expect(try flags(#"[1,{},{"xyz.tinycloud.policy/delegationMode":"terminal"}]"#) == [true, false])
        #expect(try flags(#"[{"xyz.tinycloud.policy/delegationMode":"attenuable"}]"#) == [false, false])
        #expect(try flags(#"["xyz.tinycloud.policy/delegationMode"]"#) == [false, false])
        #expect(try flags(#"[{"profile":"policy-session-ucan/v1"}]"#) == [false, true])
        #expect(try flags(#"[{"profile":["policy-session-ucan/v1"]}]"#) == [false, false])
    }

    @Test func noncesAreFreshAndWellFormed() throws {
        let nonces = try (0..<50).map { _ in try TokenMaker.freshNonce() }
        #expect(Set(nonces).count == 50)
        for nonce in nonces {
            let parts = nonce.dropFirst("urn:uuid:".count).split(separator: "-").map(Array.init)
            #expect(parts.map(\.count) == [8, 4, 4, 4, 12])
            #expect(parts[2][0] == "4" && "89ab".contains(parts[3][0]))
        }
        #expect(try TokenMaker.freshWalletNonce().utf8.count == 32)
    }
}
