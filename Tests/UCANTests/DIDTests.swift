import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct DIDTests {
    @Test func identifiersCanonicaliseOrAreRefusedAsPublished() throws {
        for vector in try Fixture.json("vectors/tinycloud/identifiers.json").items("dids") {
            let text = try vector.text("in")
            if let canonical = vector["canonical"]?.string {
                #expect(try DID(text).text == canonical)
            } else {
                #expect(throws: UCANError(.malformedDID, ""), "\(text)") { try DID(text) }
            }
        }
    }

    @Test func principalsMatchAsPublished() throws {
        for vector in try Fixture.json("vectors/tinycloud/identifiers.json").items("principalMatches") {
            let (left, _) = try DID.principal(ofURL: vector.text("a"))
            let (right, _) = try DID.principal(ofURL: vector.text("b"))
            #expect((left == right) == vector["match"]?.bool)
        }
    }

    @Test(arguments: [
        "did:ens:example.eth", "did:web:example.com%3A8443:users:alice", "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
        "did:tinycloud:policy:6bcf639aa2ce", "did:example:123",
        "did:pkh:solana:4sGjMW1s:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPq",
        "did:key:z6MkExampleAbcd", "did:a::b",
    ])
    func otherMethodsPassUnchanged(text: String) throws {
        let did = try DID(text)
        #expect(did.text == text)
        #expect(throws: UCANError(.unsupportedKey, "")) { try PublicKey(did: did) }
    }

    @Test(arguments: [
        "", "did", "did:", "did:key", "did:key:", "did::x", "did:Key:z6Mk", "did:key:z6Mk:", "did:key:z6Mk#z6Mk",
        "did:key:z6Mk/path", "did:key:z6Mk?query", "did:key:z6 Mk", "did:key:z6Mk\n", "did:web:ex%3", "did:web:ex%zz",
        "did:key:z6Mké", "DID:key:z6Mk", " did:key:z6Mk", "did:key:\u{212A}", "key:z6Mk",
        "did:pkh:eip155:0:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "did:pkh:eip155:1:f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "did:pkh:eip155:1:0xg39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "did:pkh:eip155:1:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266:x",
        "did:pkh:eip155:0x1:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "did:pkh:eip155:+1:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "did:pkh:eip155:18446744073709551616:0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266", "did:pkh:eip155:1",
        "did:pkh:eip155:1:0Xf39fd6e51aad88f6f4ce6ab8827279cfffb92266",
    ])
    func malformedDIDsAreRefused(text: String) {
        #expect(throws: UCANError(.malformedDID, "")) { try DID(text) }
    }

    @Test func lengthIsBounded() throws {
        let longest = "did:example:" + String(repeating: "a", count: DID.maximumLength - 12)
        #expect(try DID(longest).text == longest)
        #expect(throws: UCANError(.malformedDID, "")) { try DID(longest + "a") }
    }

    @Test func chainsAreNumbersAndAccountsDifferByChain() throws {
        let account = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
        let first = try DID("did:pkh:eip155:1:\(account)")
        #expect(try DID("did:pkh:eip155:001:\(account.lowercased())") == first)
        #expect(try DID("did:pkh:eip155:137:\(account)") != first)
        #expect(try DID("did:pkh:eip155:18446744073709551615:\(account)").kind == .pkh)
        #expect(first.kind == .pkh && first.identifier == "eip155:1:\(account)")
    }

    @Test func fragmentsAreCutAtTheFirstMark() throws {
        let (did, fragment) = try DID.principal(ofURL: "did:key:z6MkA#z6MkA")
        #expect(did.text == "did:key:z6MkA" && fragment == "z6MkA")
        #expect(try DID.principal(ofURL: "did:key:z6MkA").fragment == nil)
        #expect(try DID.principal(ofURL: "did:key:z6MkA#").fragment == "")
        for url in ["did:key:z6MkA#a#b", "did:key:z6MkA#\n", "did:key:z6MkA# ", "#x", "did:key:z6MkA?x#y"] {
            #expect(throws: UCANError(.malformedDID, ""), "\(url)") { try DID.principal(ofURL: url) }
        }
    }

    @Test func checksumCasingFollowsEIP55() throws {
        // The published examples of the proposal.
        for address in [
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
            "0x52908400098527886E0F7030069857D2E4169EE7", "0xde709f2102306220921060314715629080e2fb77",
        ] {
            let read = try EthereumAddress(anyCase: address.lowercased().utf8)
            #expect(read.description == address)
            #expect(read == (try EthereumAddress(anyCase: ("0x" + address.dropFirst(2).uppercased()).utf8)))
        }
    }
}
