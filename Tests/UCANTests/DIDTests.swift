import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct DIDTests {
    @Test func identifiersCanonicaliseOrAreRefusedAsPublished() throws {
        for vector in try Fixture.json("vectors/tinycloud/identifiers.json").items("dids") {
            let text = try vector.text("in")
            if let canonical = vector["canonical"]?.string, vector["refusedHere"] == nil {
                #expect(try DID(text).text == canonical)
            } else {
                #expect(throws: UCANError(.malformedDID, ""), "\(text)") { try DID(text) }
            }
        }
    }

    @Test func principalsMatchAsPublished() throws {
        for vector in try Fixture.json("vectors/tinycloud/identifiers.json").items("principalMatches") {
            guard vector["refusedHere"] == nil else {
                let texts = try [vector.text("a"), vector.text("b")]
                #expect(texts.contains { (try? DID.principal(ofURL: $0)) == nil }, "\(texts)")
                continue
            }
            let (left, _) = try DID.principal(ofURL: vector.text("a"))
            let (right, _) = try DID.principal(ofURL: vector.text("b"))
            #expect((left == right) == vector["match"]?.bool)
        }
    }

    @Test(arguments: [
        "did:ens:example.eth", "did:web:example.com%3A8443:users:alice", "did:plc:ewvi7nxzyoun6zhxrhs64oiz",
        "did:tinycloud:policy:6bcf639aa2ce", "did:example:123",
        "did:pkh:solana:4sGjMW1s:CKg5d12Jhpej1JqtmxLJgaFqqeYjxgPq",
        "did:a::b",
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
        let (did, fragment) = try DID.principal(ofURL: "did:example:A#A")
        #expect(did.text == "did:example:A" && fragment == "A")
        #expect(try DID.principal(ofURL: "did:example:A").fragment == nil)
        #expect(try DID.principal(ofURL: "did:example:A#").fragment == "")
        for url in ["did:example:A#a#b", "did:example:A#\n", "did:example:A# ", "#x", "did:example:A?x#y"] {
            #expect(throws: UCANError(.malformedDID, ""), "\(url)") { try DID.principal(ofURL: url) }
        }
    }

    /// Mistyped accounts: the first from EIP-55 with one letter's case, one digit and two neighbours changed; the others
    /// CAIP-10 examples and did:pkh's own (CASA namespaces, eip155/caip10) with the checksum broken.
    @Test(arguments: [
        "1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1Beaed", "1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAee",
        "1:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BAeed", "1:0xab16a96D359eC26a11e2C2b3d8f8B8942d5Bfcdc",
        "137:0x4e90e8a8191c1c23a24a598c3ab4fb47ce926ffA", "1:0xFB6916095ca1df60bB79Ce92cE3Ea74c37c5d35a",
        "10:0xDbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "1:0xb9c5714089478a327f09197987f16f9e5d936E8A",
        "42220:0xd1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
    ])
    func mistypedAccountsAreRefused(account: String) {
        #expect(refusalText("did:pkh:eip155:" + account)?.contains("EIP-55 checksum") == true)
    }

    /// What of a did:key can be told to be wrong. The good keys are those of the did:key method's test vectors; x of the
    /// secp256k1 key is the point off the curve of BIP-340's vector 5, the P-256 x = 1 and Ed25519 y = 2 have no second
    /// coordinate (SEC 1 2.2.1, RFC 8032 5.1.3), and the lengths are those of the multicodec table.
    @Test(arguments: [
        ("did:key:zzz", "known key type"),
        ("did:key:z", "known key type"),
        ("did:key:f01ed", "base58btc"),
        ("did:key:Z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp", "base58btc"),
        ("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooW", ""),
        ("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWpp", ""),
        ("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mD0oWp", "letter"),
        ("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDIoWp", "letter"),
        ("did:key:z6mkitbz1ymuepaq4hehysf1h8qug5glvvqr3djdx3mdoowp", "letter"),
        ("did:key:zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZp", ""),
        ("did:key:zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBm", ""),
    ])
    func mistypedKeysAreRefused(text: String, named: String) throws {
        let message = try #require(refusalText(text))
        #expect(named.isEmpty || message.contains(named), "\(message)")
    }

    @Test func bytesThatAreNoKeyAreRefused() throws {
        func named(_ multicodec: [UInt8], _ hex: String) throws -> String? {
            refusalText("did:key:z" + Base58BTC.encode(multicodec + (try hexBytes(hex))))
        }
        let zeros = { (count: Int) in String(repeating: "00", count: count) }
        let (ed25519, p256, secp256k1): ([UInt8], [UInt8], [UInt8]) = ([0xED, 1], [0x80, 0x24], [0xE7, 1])
        #expect(try named(ed25519, "02" + zeros(31))?.contains("no key") == true)
        #expect(try named(ed25519, "03" + zeros(31)) == nil)
        #expect(try named(p256, "02" + zeros(31) + "01")?.contains("no key") == true)
        #expect(try named(p256, "02" + zeros(31) + "05") == nil)
        #expect(
            try named(secp256k1, "02eefdea4cdb677750a420fee807eacf21eb9898ae79b9768766e4faa04a2d4a34")?
                .contains("no key") == true)
        #expect(try named(p256, "04" + zeros(31) + "05")?.contains("no key") == true)
        for (type, hex, count) in [
            (ed25519, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f70751", 31),
            (ed25519, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a00", 33),
            (p256, "02" + zeros(30) + "05", 32), ([0xEC, 1], zeros(31), 31), ([0xEB, 1], zeros(48), 48),
        ] { #expect(try named(type, hex)?.contains("\(count) bytes") == true, "\(hex)") }
        #expect(try named([0x85, 0x24], zeros(64))?.contains("type") == true)
    }

    private func refusalText(_ text: String) -> String? {
        do throws(UCANError) {
            _ = try DID(text)
            return nil
        } catch {
            #expect(error.code == .malformedDID)
            return error.message
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
