import ATProto
import CapTesting
import CapabilityGraph
import Identity
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// Under which name this host signs credentials, and for which accounts it does (4.4, 13.8).
@Suite struct HostedSignerTests {
    private let folder = TemporaryFolder()
    private let store: GraphStore
    private let accounts: Accounts
    private let pages = StubPages()
    private let now = Timestamp(seconds: 1_700_000_000)

    init() throws {
        store = try GraphStore.open(
            path: folder.path + "/log.sqlite", families: .standard(),
            at: Timestamp(seconds: 1_700_000_000))
        accounts = try Accounts(
            store: store, keyFile: folder.path + "/keys", audience: "did:web:localhost%3A1",
            cost: PasswordHash.Cost(logN: 4, r: 8, p: 1))
    }

    private var signer: HostedSigner {
        get throws {
            let accounts = accounts
            return HostedSigner(
                accounts: accounts,
                resolver: IdentityResolver(
                    outbound: pages, plcURL: try PeerURL("https://plc.example"), now: { 0 }
                ) { did in try accounts.account(did: did)?.hostedDocument(at: "http://localhost:1") })
        }
    }

    private func make(_ name: String, did: String, isDocumentedHere: Bool = true) throws -> DID {
        let (account, _) = try accounts.create(
            NewAccount(
                handle: try Handle("\(name).localhost"), password: "a secret of hers", did: try DID(did), key: .fresh,
                isDocumentedHere: isDocumentedHere), at: now)
        return account.did
    }

    /// Publishes the document of a DID that another host documents.
    private func publish(_ did: DID, _ keys: [(String, PublicKey)]) throws {
        let document = try DIDDocument.make(did: did.text, handle: nil, keys: keys, services: [])
        let host = did.text.dropFirst("did:web:".count)
        pages["https://\(host)/.well-known/did.json"] = String(decoding: document.json.serialized(), as: UTF8.self)
    }

    @Test func anAccountDocumentedHereSignsAsAccounts() throws {
        let alice = try make("alice", did: "did:web:alice.localhost%3A1")
        let key = try signer.key(of: alice)
        #expect(try signer.credentialKeyID(of: alice, key.publicKey) == "#atproto")
    }

    @Test func theNameIsThatOfTheKeyWhereItIsPublished() throws {
        let other = try PrivateKey.generate(.secp256k1).publicKey
        for (name, isSame) in [("bob", true), ("carol", false)] {
            let did = try make(name, did: "did:web:\(name).example", isDocumentedHere: false)
            let key = try signer.key(of: did).publicKey
            #expect(try signer.credentialKeyID(of: did, key) == "#atproto", "nothing is published yet")
            try publish(did, [(KeyID.account, key), (KeyID.space, isSame ? key : other)])
            // A key for spaces that is not ours is not what we sign with.
            #expect(try signer.credentialKeyID(of: did, key) == (isSame ? "#atproto_space" : "#atproto"))
        }
    }

    @Test func onlyActiveAccountsOfThisHostAreSignedFor() throws {
        let dave = try make("dave", did: "did:web:dave.localhost%3A1")
        for status: Account.Status in [.deactivated, .suspended, .takenDown] {
            try accounts.setStatus(status, of: dave, at: now)
            #expect(throws: AccessRefusal.self) { try signer.key(of: dave) }
        }
        try accounts.setStatus(.active, of: dave, at: now)
        _ = try signer.key(of: dave)
        #expect(throws: AccessRefusal.self) { try signer.key(of: try DID("did:web:nobody.example")) }
        let theirs = NewAccount.Key.external(try PrivateKey.generate(.secp256k1).publicKey)
        let erin = try DID("did:web:erin.localhost%3A1")
        _ = try accounts.create(
            NewAccount(handle: try Handle("erin.localhost"), password: "a secret of hers", did: erin, key: theirs),
            at: now)
        #expect(throws: ATProtoError.self, "its owner keeps the key") { try signer.key(of: erin) }
    }
}
