import Multiformats
import Testing
import UCAN

@testable import capq

@Suite struct OfflineTests {
    private let scratch = Scratch()

    @Test func tokensAreDecodedInEveryFormTheyComeIn() throws {
        let grant = try AcceptedGrant()
        let bytes = try #require(Base64URL.decode(Array(grant.root.utf8)))
        let binary = scratch.folder + "/root.cbor"
        try PrivateFile.write(bytes, to: binary, replaces: false)
        let lines = scratch.write("\(grant.root)\n\n\(grant.child)\n", "lines.txt")
        let document = scratch.write(
            "{\"delegationHeader\":{\"Authorization\":\"\(grant.root)\"},\"more\":[{\"raw\":\"\(grant.child)\"}]}",
            "doc.json")
        for (word, cids) in [
            (grant.root, [grant.rootCID]), (grant.child, [grant.childCID]), ("Bearer \(grant.child)", [grant.childCID]),
            (binary, [grant.rootCID]), (lines, [grant.rootCID, grant.childCID]),
            (document, [grant.rootCID, grant.childCID]),
        ] {
            let outcome = scratch.run("decode", word, "-o", "jsonl")
            #expect(outcome.exit == .ok, "\(word.prefix(40)): \(String(describing: outcome.failure))")
            let found = try outcome.output.split(separator: "\n").map { try JSON.parse(Array($0.utf8))["cid"]?.string }
            #expect(found == cids)
        }
    }

    @Test func decodedTokensReadAsRecorded() throws {
        let grant = try AcceptedGrant()
        let file = scratch.write("\(grant.root)\n\(grant.child)\n", "lines.txt")
        Snapshot.expect(scratch.run("decode", file).output, "output/decode.json")
        Snapshot.expect(scratch.run("decode", file, "-o", "table").output, "output/decode.txt")
        scratch.process.isTerminal = true
        Snapshot.expect(scratch.run("decode", file).output, "output/decode-terminal.txt")
    }

    @Test func wholeChainsHold() throws {
        let grant = try AcceptedGrant()
        for text in ["\(grant.root)\n\(grant.child)", "\(grant.child)\n\(grant.root)\n"] {
            let outcome = scratch.run("verify", scratch.write(text, "chain.txt"))
            #expect(outcome.exit == .ok, "\(outcome.output)")
        }
        let file = scratch.write("\(grant.child)\n\(grant.root)\n", "chain.txt")
        Snapshot.expect(scratch.run("verify", file, "-o", "table").output, "output/verify.txt")
        Snapshot.expect(scratch.run("verify", file, "-o", "tree").output, "output/verify-tree.txt")
        #expect(scratch.run("verify", file, "--cid", grant.childCID).exit == .ok)
        let other = scratch.run("verify", file, "--cid", SampleDelegations.leaf)
        #expect(other.exit == .deny)
        #expect(other.notes == ["no token has the CID `\(SampleDelegations.leaf)`"])
    }

    @Test func theStepThatFailsIsNamed() throws {
        let grant = try AcceptedGrant()
        let chain = scratch.write("\(grant.child)\n\(grant.root)", "chain.txt")
        let alone = scratch.write(grant.child, "alone.txt")
        let parts = grant.child.split(separator: ".")
        let forged = "\(parts[0]).\(parts[1]).\(String(parts[2].reversed()))"
        #expect(try step("verify", alone) == "proofs")
        #expect(try step("verify", scratch.write("\(grant.root)\n\(forged)", "forged.txt")) != nil)
        #expect(try step("verify", scratch.write("\(grant.root)\nnonsense", "nonsense.txt")) == "form")
        #expect(try step("verify", chain, "--at", "2026-07-10T12:05:00Z") == "window")
        #expect(try step("verify", chain, "--at", "2026-07-10T11:59:59Z") == "window")
        #expect(try step("verify", chain, "--at", "2026-07-10T12:04:59Z") == nil)
    }

    @Test func whatIsCitedAndNotNeededNeedNotBeAtHand() throws {
        let owner = try EthereumKey(scalar: Array(repeating: 0, count: 31) + [1])
        let space = SpaceText.ofAccount(owner.did())
        func token(_ number: UInt8, in space: String, proofs: [CID]) throws -> UnverifiedToken {
            try TokenMaker.cacao(
                wallet: owner,
                audience: PrivateKey(curve: .ed25519, seed: Array(repeating: number, count: 32)).did.text,
                capabilities: [TokenCapability(resource: "\(space)/kv/notes", ability: "tinycloud.kv/get")],
                proofs: proofs,
                domain: "node.example",
                issuedAt: "2026-07-10T11:00:00Z",
                expires: "2026-07-11T12:00:00Z"
            )
        }
        let session = try token(7, in: space, proofs: [])
        let citing = try token(8, in: space, proofs: [session.cid])
        let resting = try token(
            8, in: "tinycloud:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK:default", proofs: [session.cid])
        for (tokens, expected) in [
            ([citing], nil), ([session, citing], nil), ([citing, session], nil), ([resting], "proofs"),
            ([session, resting], "proofs"),
        ] as [([UnverifiedToken], String?)] {
            let file = scratch.write(tokens.map { $0.authorization() }.joined(separator: "\n"), "chain.txt")
            #expect(try step("verify", file) == expected)
        }
    }

    @Test func chainsThatWidenFailAtAttenuation() throws {
        let owner = try EthereumKey(scalar: Array(repeating: 0, count: 31) + [1])
        let session = try PrivateKey(curve: .ed25519, seed: Array(repeating: 7, count: 32))
        let agent = try PrivateKey(curve: .p256, seed: Array(repeating: 8, count: 32))
        let space = SpaceText.ofAccount(owner.did())
        let root = try TokenMaker.cacao(
            wallet: owner,
            audience: session.did.text,
            capabilities: [TokenCapability(resource: "\(space)/kv/notes", ability: "tinycloud.kv/get")],
            domain: "node.example",
            issuedAt: "2026-07-10T11:00:00Z",
            expires: "2026-07-11T12:00:00Z"
        )
        func child(
            _ path: String = "kv/notes/a", _ ability: String = "tinycloud.kv/get", lifetime: Int64 = 60,
            by issuer: PrivateKey? = nil
        ) throws -> String {
            try TokenMaker.ucan(
                issuer: issuer ?? session,
                audience: agent.did,
                capabilities: [TokenCapability(resource: "\(space)/\(path)", ability: ability)],
                proofs: [root.cid],
                expires: Timestamp(seconds: 1_783_684_800 + lifetime)
            ).authorization()
        }
        for (child, expected) in [
            (try child(), nil), (try child("kv/notesx"), "attenuation"), (try child("kv"), "attenuation"),
            (try child("kv/notes", "tinycloud.kv/put"), "attenuation"),
            (try child(lifetime: 10 * 86_400), "attenuation"),
            (try child(by: agent), "proofs"),
        ] {
            let file = scratch.write("\(child)\n\(root.authorization())", "chain.txt")
            #expect(try step("verify", file) == expected)
        }
    }

    @Test func whatIsNeitherTokenNorFileIsNotFound() {
        #expect(scratch.run("verify", "./nothing").exit == .notFound)
        #expect(scratch.run("decode", "nothing").exit == .notFound)
        #expect(scratch.run("decode", String(repeating: "A", count: 8_000)).exit == .failure)
    }

    private func step(_ words: String...) throws -> String? {
        let outcome = Run.outcome(words, scratch.process)
        let json = try JSON.parse(Array(outcome.output.utf8))
        #expect(outcome.exit == (json["valid"] == true ? .ok : .deny))
        return json["failedStep"]?.string
    }
}
