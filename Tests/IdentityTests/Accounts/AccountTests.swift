import ATProto
import CapTesting
import Glibc
import Multiformats
import Storage
import Testing
import UCAN

@testable import Identity

/// How accounts are made, found and signed for.
@Suite struct AccountTests {
    @Test func namesAndDIDsAreTakenOnce() throws {
        let rig = try AccountRig()
        let (account, _) = try rig.make("alice")
        #expect(account.did.text == "did:web:alice.localhost%3A1" && account.publicKey.curve == .secp256k1)
        #expect(rig.code { try rig.make("alice") } == .handleNotAvailable)
        #expect(rig.code { try rig.make("ALICE") } == .handleNotAvailable, "handles have no case")
        #expect(try rig.accounts.account(handle: Handle("Alice.LOCALHOST"))?.did == account.did)
        #expect(try rig.accounts.account(account.did) == account)
        #expect(try rig.accounts.account(did: "did:web:bob.localhost%3A1") == nil)
        #expect(rig.code { try rig.make("b", password: "") } == .invalidPassword)
        #expect(rig.code { try rig.make("b", password: String(repeating: "a", count: 257)) } == .invalidPassword)
    }

    @Test func ofManyWhoWantAHandleOneGetsIt() throws {
        let rig = try AccountRig()
        let (made, accounts, now) = (Locked(0), rig.accounts, rig.now)
        let new = try NewAccount(
            handle: Handle("alice.localhost"), password: "a secret of hers", did: DID("did:web:alice.localhost"))
        ParallelThreads.run(
            (0..<8).map { _ in
                {
                    guard (try? accounts.create(new, at: now)) != nil else { return }
                    made.withLock { $0 += 1 }
                }
            })
        #expect(made.withLock { $0 } == 1)
    }

    @Test func aPasswordAndANameOpenASessionAndNothingElseDoes() throws {
        let rig = try AccountRig()
        try rig.make("alice", password: "hers, and right")
        try rig.make("bob", password: "his, and another")
        for identifier in ["alice.localhost", "ALICE.localhost", "@alice.localhost", "did:web:alice.localhost%3A1"] {
            #expect(try rig.login(identifier, "hers, and right").0.account.handle == "alice.localhost", "\(identifier)")
        }
        for (identifier, password) in [
            ("alice.localhost", "his, and another"), ("alice.localhost", ""), ("bob.localhost", "hers, and right"),
            ("alice", "hers, and right"),
            ("carol.localhost", "hers, and right"), ("", "hers, and right"), ("did:web:carol", "hers, and right"),
            ("@@alice.localhost", "hers, and right"), ("alice.\u{212A}ocalhost", "hers, and right"),
        ] {
            #expect(rig.code { try rig.login(identifier, password) } == .authenticationRequired, "\(identifier)")
        }
    }

    /// Texts of other bytes that Swift's `==` equates with those of a DID (UAX 15: U+212A is K, U+037E is `;`), once the
    /// account was remembered.
    @Test func otherBytesNameNobody() throws {
        let rig = try AccountRig()
        let did = try DID("did:web:KIM.localhost")
        let new = try NewAccount(handle: Handle("kim.localhost"), password: "hers, and right", did: did)
        _ = try rig.accounts.create(new, at: rig.now)
        #expect(try rig.login(did.text, "hers, and right").0.account.did == did)
        let kelvin = "did:web:\u{212A}IM.localhost"
        #expect(kelvin == did.text, "Swift equates them")
        #expect(try rig.accounts.account(did: kelvin) == nil)
        for text in [kelvin, "\u{212A}im.localhost", "@\u{212A}im.localhost", "kim.localhost\u{0}", "kim.localhost "] {
            #expect(rig.code { try rig.login(text, "hers, and right") } == .authenticationRequired, "\(text)")
            #expect(SignInName(text) == .nobody)
        }
    }

    /// RFC 1035 2.3.3 and the AT Protocol's handle rules: names have no case, so however one is written it is one.
    @Test func everySpellingOfAHandleIsCountedAsOne() {
        var spellings: Set<String> = []
        for bits in 0..<512 {
            let name = "alicebobc".enumerated().map {
                bits >> $0.offset & 1 == 1 ? $0.element.uppercased() : "\($0.element)"
            }
            spellings.insert((bits.isMultiple(of: 2) ? "@" : "") + name.joined() + ".localhost")
        }
        #expect(spellings.count == 512 && Set(spellings.map { SignInName($0).text }) == ["alicebobc.localhost"])
        #expect(
            Set(["", "x", "é.localhost", "a b", "@@a.localhost", "did:", "did:key:zzz"].map { SignInName($0) }) == [
                .nobody
            ])
    }

    /// NIST SP 800-63B 5.1.1.2: at least eight characters, and none of those that are tried first. The examples are its
    /// own kinds and the first of the lists that are published each year.
    @Test(arguments: [
        "", "secret", "1234567", "passwor", "\u{1F512}\u{1F512}\u{1F512}", "password", "Password1", "P@ssw0rd!",
        "p4ssword2026",
        "12345678", "123456789", "87654321", "11111111", "aaaaaaaa", "abababab", "qwertyuiop", "QWERTYUIOP",
        "asdfghjkl", "abcdefgh",
        "1qaz2wsx", "qwerty123", "iloveyou", "sunshine1", "football!!", "letmein1", "welcome123", "admin1234",
        "changeme",
        "trustno1", "Summer2026", "blink182", "marlboro", "Rush2112", "1q2w3e4r5t",
    ])
    func passwordsThatAreTriedFirstAreRefused(password: String) throws {
        let rig = try AccountRig()
        #expect(rig.code { try rig.make("alice", password: password) } == .invalidPassword)
    }

    @Test(arguments: [
        "correct horse battery staple", "a secret of hers", "tr0ub4dor&3", "пароль мой", "password of alice",
        "9f86d081",
    ])
    func otherPasswordsAreTaken(password: String) throws {
        #expect(try AccountRig().make("alice", password: password).0.handle == "alice.localhost")
    }

    @Test func theHostSignsWithTheKeyItPublishes() throws {
        let rig = try AccountRig()
        let (account, _) = try rig.make("alice")
        let key = try #require(try rig.accounts.signingKey(account.did))
        let document = try #require(try account.hostedDocument(at: "http://127.0.0.1:1"))
        #expect(try document.key(KeyID.account) == key.publicKey)
        #expect(try document.spaceKey()?.keyID == KeyID.account)
        #expect(try document.endpoint(ServiceID.personalDataServer) == "http://127.0.0.1:1")
        #expect(try document.spaceHost()?.serviceID == ServiceID.spaceHost)
        #expect(document.json["alsoKnownAs"] == ["at://alice.localhost"])
        #expect(try rig.accounts.signingKey(DID("did:web:nobody")) == nil)
    }

    @Test func broughtKeysAreKeptOrLeftWithTheirOwners() throws {
        let rig = try AccountRig()
        let (own, theirs) = (try PrivateKey.generate(.p256), try PrivateKey.generate(.secp256k1))
        let (one, _) = try rig.make("one", key: .imported(own))
        #expect(try rig.accounts.signingKey(one.did)?.publicKey == own.publicKey && one.hasPrivateKey)
        let (two, _) = try rig.make("two", key: .external(theirs.publicKey))
        #expect(try rig.accounts.signingKey(two.did) == nil && !two.hasPrivateKey)
        #expect(two.publicKey == theirs.publicKey)
    }

    @Test func noSecretLiesInTheDatabase() throws {
        let rig = try AccountRig()
        let (account, tokens) = try rig.make("alice", password: "a-very-secret-password")
        let app = try rig.accounts.createAppPassword("phone", isPrivileged: false, of: account.did, at: rig.now)
        let seed = try #require(try rig.accounts.signingKey(account.did)).seed
        let file = Array(rig.folder.read("log.sqlite").utf8) + Array(rig.folder.read("log.sqlite-wal").utf8)
        func holds(_ secret: [UInt8]) -> Bool {
            guard let first = secret.first else { return true }
            return file.indices.contains { file[$0] == first && file[$0...].starts(with: secret) }
        }
        #expect(holds(Array("alice.localhost".utf8)), "the search finds what is there")
        for secret in [
            "a-very-secret-password", app, String(tokens.access.suffix(43)), String(tokens.refresh.suffix(43)),
        ] {
            #expect(!holds(Array(secret.utf8)), "\(secret)")
        }
        #expect(!holds(seed))
    }

    @Test func appPasswordsOpenSessionsUntilTheyAreRevoked() throws {
        let rig = try AccountRig()
        let (account, main) = try rig.make("alice")
        try rig.make("bob")
        let password = try rig.accounts.createAppPassword("phone", isPrivileged: false, of: account.did, at: rig.now)
        #expect(password.utf8.count == 19 && password.split(separator: "-").count == 4)
        #expect(rig.code { try rig.login("bob.localhost", password) } == .authenticationRequired)
        let (session, tokens) = try rig.login("alice.localhost", password)
        #expect(try session.isAppPassword && rig.session(tokens.access).isAppPassword)
        let renewed = try rig.refresh(tokens.refresh)
        #expect(renewed.0.isAppPassword)
        #expect(
            rig.code { try rig.accounts.createAppPassword("phone", isPrivileged: false, of: account.did, at: rig.now) }
                == .invalidRequest)
        #expect(try rig.accounts.appPasswords(of: account.did).map(\.name) == ["phone"])
        try rig.accounts.revokeAppPassword("phone", of: account.did, at: rig.now)
        #expect(rig.code { try rig.session(renewed.1.access) } == .invalidToken)
        #expect(rig.code { try rig.refresh(renewed.1.refresh) } == .expiredToken)
        #expect(rig.code { try rig.login("alice.localhost", password) } == .authenticationRequired)
        #expect(rig.code { try rig.session(main.access) } == nil, "the main session lives on")
        #expect(try rig.accounts.appPasswords(of: account.did).isEmpty)
    }

    @Test func handlesFollowTheDomains() throws {
        let local = try HandleDomains(configured: [], publicURL: "http://127.0.0.1:8137")
        #expect(local.domains == ["localhost"])
        #expect(try local.did(for: Handle("alice.localhost")) == "did:web:alice.localhost%3A8137")
        #expect(try HandleDomains.serviceDID(publicURL: "http://127.0.0.1:8137") == "did:web:localhost%3A8137")
        let open = try HandleDomains(configured: ["a.example", "b.example"], publicURL: "https://pds.example")
        #expect(try open.did(for: Handle("x.b.example")) == "did:web:x.b.example")
        #expect(try HandleDomains.serviceDID(publicURL: "https://pds.example") == "did:web:pds.example")
        let named = try HandleDomains(configured: [], publicURL: "https://pds.example:8443")
        #expect(try named.did(for: Handle("x.pds.example")) == "did:web:x.pds.example%3A8443")
        for handle in ["a.example", "x.c.example", "xa.example", "x.y.a.example", "alice.localhost"] {
            #expect(throws: IdentityError.self, "\(handle)") { try open.did(for: Handle(handle)) }
        }
    }

    @Test func aKeyFileIsMissedOnlyWhereItSealedSomething() throws {
        let folder = TemporaryFolder()
        var rig: AccountRig? = try AccountRig(in: folder)
        rig = nil
        unlink(folder.path + "/keys")
        rig = try AccountRig(in: folder)
        try rig?.make("alice")
        rig = nil
        rename(folder.path + "/keys", folder.path + "/away")
        #expect(throws: IdentityError.self) { try AccountRig(in: folder) }
        #expect(folder.read("keys").isEmpty, "no new file hides the loss")
        rename(folder.path + "/away", folder.path + "/keys")
        rig = try AccountRig(in: folder)
        #expect(try rig?.accounts.signingKey(DID("did:web:alice.localhost%3A1")) != nil)
    }
}
