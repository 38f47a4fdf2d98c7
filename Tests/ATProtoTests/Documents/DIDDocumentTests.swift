import ATProto
import Multiformats
import Testing
import UCAN

@Suite struct DIDDocumentTests {
    private let did = "did:web:alice.example.com"
    private let key: PrivateKey
    private let spaceKey: PrivateKey

    init() throws {
        key = try PrivateKey.generate(.secp256k1)
        spaceKey = try PrivateKey.generate(.p256)
    }

    private func method(_ id: String, _ key: PrivateKey, _ changes: [String: JSON] = [:]) -> JSON {
        ForgedToken.changing(
            [
                "id": .string(id), "type": "Multikey", "controller": .string(did),
                "publicKeyMultibase": .string(key.publicKey.multikey),
            ], changes)
    }

    private func document(methods: [JSON] = [], services: [JSON] = []) throws -> DIDDocument {
        try DIDDocument(
            ["id": .string(did), "verificationMethod": .array(methods), "service": .array(services)], of: did)
    }

    @Test func entriesAreFoundByTheirExactFragment() throws {
        let document = try document(methods: [
            method("#foo_atproto_space", spaceKey), method("did:web:other.example.com#atproto_space", spaceKey),
            method(did + "x#atproto_space", spaceKey), method("#ATPROTO_space", spaceKey),
            method("atproto_space", spaceKey),
            method(did + "#atproto", key), "noise", ["id": 1],
        ])
        #expect(try document.key("#atproto_space") == nil)
        #expect(try document.key("#atproto") == key.publicKey)
        let found = try #require(try document.spaceKey())
        #expect(found.keyID == "#atproto" && found.key == key.publicKey)
    }

    @Test(arguments: ["#atproto_space", "did:web:alice.example.com#atproto_space"])
    func bothSpellingsOfAnIDAreTaken(_ id: String) throws {
        let document = try document(methods: [method("#atproto", key), method(id, spaceKey)])
        let found = try #require(try document.spaceKey())
        #expect(found.keyID == "#atproto_space" && found.key == spaceKey.publicKey)
    }

    @Test func malformedSpaceKeysAreNoAbsentOnes() throws {
        let ed25519 = try PrivateKey.generate(.ed25519)
        for bad in [
            method("#atproto_space", spaceKey, ["publicKeyMultibase": .null]),
            method("#atproto_space", spaceKey, ["publicKeyMultibase": "zDnae"]),
            method(
                "#atproto_space", spaceKey,
                ["publicKeyMultibase": .string("f" + spaceKey.publicKey.multikey.dropFirst())]),
            method("#atproto_space", spaceKey, ["type": "EcdsaSecp256r1VerificationKey2019"]),
            method("#atproto_space", ed25519),
        ] {
            let document = try document(methods: [method("#atproto", key), bad])
            #expect(throws: ATProtoError.self, "\(bad)") { try document.spaceKey() }
            let keys: KeySource = { _, id throws(ATProtoError) in try document.key(id) }
            #expect(throws: ATProtoError.self) { try keys(did, "#atproto_space") }
            // What is broken elsewhere in the document does not count.
            #expect(try document.key("#atproto") == key.publicKey)
        }
        let twice = try document(methods: [method("#atproto", key), method(did + "#atproto", spaceKey)])
        #expect(throws: ATProtoError.self) { try twice.key("#atproto") }
    }

    private func service(_ id: String, _ endpoint: JSON) -> JSON {
        ["id": .string(id), "type": "x", "serviceEndpoint": endpoint]
    }

    @Test func hostsAreFoundWithTheirFallback() throws {
        let both = try document(services: [
            service("#atproto_pds", "https://pds.example.com/"),
            service(did + "#atproto_space_host", "https://space.example.com"),
            service("#forum", "http://127.0.0.1:2583/base"),
        ])
        let host = try #require(try both.spaceHost())
        #expect(host.serviceID == "#atproto_space_host" && host.endpoint == "https://space.example.com")
        #expect(try both.endpoint(of: ServiceIdentifier(did)) == "https://pds.example.com")
        #expect(try both.endpoint(of: ServiceIdentifier(did + "#forum")) == "http://127.0.0.1:2583/base")
        #expect(try both.endpoint(of: ServiceIdentifier(did + "#foru")) == nil)
        #expect(try both.endpoint(of: ServiceIdentifier("did:web:b.example#forum")) == nil)

        let one = try document(services: [service("#atproto_pds", "https://pds.example.com")])
        #expect(try #require(try one.spaceHost()).serviceID == "#atproto_pds")
        #expect(try document().spaceHost() == nil)
    }

    @Test func endpointsArePlainURLs() throws {
        for bad: JSON in [
            .null, 1, ["https://a.example"], ["uri": "https://a.example"], "", "a.example", "ftp://a.example",
            "https://",
            "https:///x", "https://user@a.example", "https://a.example?x", "https://a.example#x",
            "https://a.example/a b",
            "HTTPS://a.example", "https://a.example\\b", "https://\u{e9}.example", "javascript:alert(1)",
            .string("https://" + String(repeating: "a", count: 2048)),
        ] {
            let document = try document(services: [
                service("#atproto_pds", "https://pds.example.com"), service("#atproto_space_host", bad),
            ])
            #expect(throws: ATProtoError.self, "\(bad)") { try document.spaceHost() }
        }
    }

    @Test func documentsAreOfTheDIDThatWasAskedFor() throws {
        #expect(throws: ATProtoError.self) { try DIDDocument(["id": "did:web:b.example"], of: did) }
        #expect(throws: ATProtoError.self) { try DIDDocument([:], of: did) }
        #expect(throws: ATProtoError.self) { try DIDDocument(parsing: Array("[".utf8), of: did) }
        let big = Array(#"{"id":"\#(did)","x":"\#(String(repeating: "a", count: 300_000))"}"#.utf8)
        #expect(throws: ATProtoError.self) { try DIDDocument(parsing: big, of: did) }
        #expect(try DIDDocument(parsing: Array(#"{"id":"\#(did)"}"#.utf8), of: did).did == did)
    }

    @Test func documentsMadeHereReadBack() throws {
        let made = try DIDDocument.make(
            did: did, handle: Handle("Alice.example.com"),
            keys: [(KeyID.account, key.publicKey), (KeyID.space, spaceKey.publicKey)],
            services: [(ServiceID.personalDataServer, "AtprotoPersonalDataServer", "https://pds.example.com")])
        let read = try DIDDocument(parsing: made.json.serialized(), of: did)
        #expect(try read.key(KeyID.account) == key.publicKey && read.key(KeyID.space) == spaceKey.publicKey)
        #expect(try read.endpoint(ServiceID.personalDataServer) == "https://pds.example.com")
        #expect(read.json["alsoKnownAs"] == ["at://alice.example.com"])
        let nameless = try DIDDocument.make(did: did, handle: nil, keys: [], services: [])
        #expect(nameless.json["alsoKnownAs"] == nil || nameless.json["alsoKnownAs"] == [])
    }

    @Test func serviceIdentifiersAreChecked() throws {
        for text in ["did:web:a.example", "did:web:a.example#forum", "did:plc:abc#a._~:-9"] {
            #expect(try ServiceIdentifier(text).text == text)
        }
        for text in [
            "", "#a", "did:web:a#", "did:web:a#b#c", "did:web:a#b/c", "a.example", "did:web:a #b", "did:web:a?x#b",
        ] {
            #expect(throws: ATProtoError.self, "\(text)") { try ServiceIdentifier(text) }
        }
    }
}
