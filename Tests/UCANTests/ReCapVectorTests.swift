import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct ReCapVectorTests {
    private func message(_ file: String) throws -> SIWE {
        var text = Fixture.text("vectors/tinycloud/siwe-recap/\(file).txt")
        if text.hasSuffix("\n") { text.removeLast() }
        let parsed = try SIWE.parse(text)
        #expect(parsed.text == text)
        return parsed
    }

    @Test(arguments: ["siwe_with_caps", "siwe_with_statement"])
    func statementRegenerates(file: String) throws {
        let message = try message(file)
        let recap = try #require(try ReCap.read(resources: message.resources ?? []))
        #expect(recap.isStated(by: message.statement))
        #expect(recap.resource == message.resources?.last)
        let own = file == "siwe_with_statement" ? "Some custom statement." : nil
        #expect(recap.statement(after: own) == message.statement)
        let statement = try #require(message.statement)
        #expect(!recap.isStated(by: statement + " And more."))
        #expect(!recap.isStated(by: nil))
        #expect(!recap.isStated(by: "x" + recap.statement), "own words are set apart by a space")
        #expect(recap.isStated(by: "x " + recap.statement))
    }

    @Test func reCapThatIsNotLastIsRefused() throws {
        let message = try message("siwe_with_interleaved_resources")
        #expect(throws: UCANError(.malformedReCap, "")) { try ReCap.read(resources: message.resources ?? []) }
    }

    @Test(arguments: ["siwe_with_no_caps", "siwe_with_statement_no_caps"])
    func messagesWithoutCapabilitiesHaveNoReCap(file: String) throws {
        let message = try message(file)
        #expect(message.resources == nil)
        #expect(try ReCap.read(resources: []) == nil)
        #expect((message.statement == nil) == (file == "siwe_with_no_caps"))
    }

    /// The fixture's JSON is in JCS form; ours must be byte for byte the same, but its caveats are refused in a ReCap.
    @Test func serializedCapabilitiesAreCanonicalAndCaveatsAreRefused() throws {
        var bytes = Fixture.bytes("vectors/tinycloud/siwe-recap/serialized_cap.json")
        if bytes.last == 0x0A { bytes.removeLast() }
        #expect(try JSON.parse(bytes).canonical() == bytes)
        #expect(throws: UCANError(.malformedReCap, "")) {
            try ReCap(resource: "urn:recap:" + Base64URL.encode(bytes))
        }
    }

    @Test func goldenMessagesRecoverAndRegenerate() throws {
        let vectors = try Fixture.json("vectors/tinycloud/tc-bench/golden-vectors.json")
        let signer = try vectors.text("signer", "address")
        let all = try vectors.items("valid") + vectors.items("invalid")
        #expect(all.count == 9)
        for vector in all {
            let name = try vector.text("case")
            let text = try vector.text("siwe")
            let message = try SIWE.parse(text)
            #expect(message.text == text, "\(name)")
            let recovered = try EIP191.recover(text: Array(text.utf8), signature: hexBytes(vector.text("signature")))
            #expect(recovered.description == signer, "\(name)")
            let recap = try #require(try ReCap.read(resources: message.resources ?? []))
            #expect(recap.isStated(by: message.statement), "\(name)")
            #expect(recap.statement == (try vector.text("recap", "statement")), "\(name)")
            #expect(recap.resource == (try vector.text("recap", "resource")), "\(name)")
            #expect(recap.proofs.map(\.base58) == (try vector.items("proofCids").map { $0.string ?? "" }), "\(name)")
        }
    }
}
