import ATProto
import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import Spaces

/// What the exchange of a delegation token gives, and what it consumes (4.1 to 4.4, 13.9).
@Suite struct ExchangeTests {
    private let rig: CredentialRig
    private let forum: SpaceURI

    init() throws {
        rig = try CredentialRig()
        forum = try rig.spaces.create("forum")
        try rig.spaces.add("bob", to: forum, .writer)
    }

    private func proof(_ app: CredentialRig.App) throws -> TokenUse {
        let request = DPoPProof.Request(method: "POST", url: "https://here.example/xrpc/x", accessToken: nil)
        let text = try DPoPProof.make(for: request, key: app.key, at: rig.start)
        return try DPoPProof.verify([text], for: request, at: rig.start).use
    }

    @Test func aCredentialHasTheShapeOfTheSpecification() throws {
        let app = try CredentialRig.App()
        let token = try rig.delegate("bob", on: forum).text
        let credential = try rig.exchange(token, on: forum, binding: app.binding)
        let parts = credential.text.split(separator: ".").map(String.init)
        let header = try JSON.parse(try #require(Base64URL.decode(parts[0].utf8)))
        let claims = try JSON.parse(try #require(Base64URL.decode(parts[1].utf8)))
        #expect(header["typ"]?.string == "atproto-space-credential+jwt" && header["alg"]?.string == "ES256K")
        #expect(header["kid"]?.string == "#atproto")
        #expect(Set(claims.object?.members.map(\.key) ?? []) == ["iss", "sub", "cnf", "iat", "exp", "jti"])
        #expect(claims["iss"]?.string == forum.authority && claims["sub"]?.string == forum.text)
        #expect(claims["cnf"]?["jkt"]?.string == app.key.publicKey.thumbprint)
        #expect(credential.expiresAt - credential.issuedAt == 600 && credential.id.utf8.count == 32)
        rig.keys.publishing.withLock { _ = $0.insert(DID(trusted: forum.authority)) }
        #expect(try rig.mint("bob", on: forum).keyID == "#atproto_space")
    }

    @Test func itsEdgeShowsMembershipApplicationAndSession() throws {
        let app = try CredentialRig.App()
        let token = try rig.delegate("bob", on: forum).text
        let credential = try rig.exchange(token, on: forum, binding: app.binding)
        let edge = try #require(try rig.view(credential.text))
        #expect(edge.kind == .spaceCredential && edge.issuer == forum.authority)
        #expect(edge.audience == (try DID(thumbprint: app.key.publicKey.thumbprint)).text)
        #expect(
            Set(edge.capabilities.map(\.ability)) == [.spaceRead, .spaceListRead, .spaceConnect, .accountDelegate])
        #expect(Set(edge.proofs.map { rig.graph.view($0).kind }) == [.membership, .policy, .appAccess, .session])
        #expect(edge.expires == Timestamp(seconds: credential.expiresAt + 5))
        let rows = try rig.issued(forum)
        #expect(rows.count == 1 && rows[0].jti == credential.id && rows[0].app == nil)
        #expect(rows[0].user == (try rig.spaces.did("bob")).text)
    }

    @Test func itReadsItsSpaceAndNothingElse() throws {
        let other = try rig.spaces.create("other")
        try rig.spaces.add("bob", to: other, .writer)
        let credential = try rig.mint("bob", on: forum)
        #expect(try rig.reading(credential) == nil)
        #expect(try rig.reading(credential, in: other) == "InvalidCredential")
        let reader = try rig.reader(credential)
        for operation: Spaces.Operation in [
            try rig.spaces.write("bob"), .updateSpace, .deleteSpace, .manageMembers, .manageCredentials,
            .mintDelegation, .listMembers(of: nil), .mintCredential(key: try credential.binding.holder),
        ] {
            #expect(try rig.spaces.refusal(operation, reader, on: forum) == "Forbidden", "\(operation)")
        }
        for operation: Spaces.Operation in [.listRepos, .readSettings, .registerNotify, .watch] {
            #expect(try rig.spaces.refusal(operation, reader, on: forum) == nil, "\(operation)")
        }
    }

    @Test func bothBindingsAreHeldByAThumbprintAndNeverByADIDThatSigns() throws {
        let app = try CredentialRig.App()
        let token = try rig.delegate("bob", on: forum).text
        let credential = try rig.exchange(token, on: forum, binding: .key(app.key.publicKey))
        #expect(credential.binding == .key(app.key.publicKey))
        #expect(try rig.reading(credential) == nil)
        let question = CheckQuestion(
            principal: app.key.did, ability: .spaceRead, resource: .atproto(space: try Space(forum), path: nil))
        #expect(!rig.graph.check(question, at: rig.start).isAllowed)
    }

    @Test func aTokenIsUsedOnce() throws {
        let token = try rig.delegate("bob", on: forum).text
        _ = try rig.exchange(token, on: forum, binding: try CredentialRig.App().binding)
        let binding = try CredentialRig.App().binding
        #expect(rig.name { try rig.exchange(token, on: forum, binding: binding) } == "JwtReplayed")
    }

    @Test func ofManyAtOnceOneIsGiven() throws {
        let token = try rig.delegate("bob", on: forum).text
        let outcomes = Locked<[String?]>([])
        let (rig, forum) = (self.rig, self.forum)
        let redeem: @Sendable () -> Void = {
            let outcome = rig.name {
                try rig.exchange(token, on: forum, binding: try CredentialRig.App().binding)
            }
            outcomes.withLock { $0.append(outcome) }
        }
        ParallelThreads.run(Array(repeating: redeem, count: 12))
        #expect(outcomes.withLock { $0 }.filter { $0 == nil }.count == 1)
        #expect(outcomes.withLock { $0 }.filter { $0 == "JwtReplayed" }.count == 11)
        #expect(try rig.issued(forum).count == 1)
    }

    @Test func whatIsRefusedBurnsNothing() throws {
        let app = try CredentialRig.App()
        let used = try proof(app)
        let first = try rig.delegate("bob", on: forum).text
        _ = try rig.exchange(first, on: forum, binding: app.binding, uses: [used])
        let token = try rig.delegate("bob", on: forum).text
        let replay = rig.name { try rig.exchange(token, on: forum, binding: app.binding, uses: [used]) }
        #expect(replay == "BadDpopProof")
        try rig.spaces.update(forum, #"{"appAccess":{"type":"allowList","allowed":["https://app.example/c.json"]}}"#)
        let fresh = try proof(app)
        let refused = rig.name { try rig.exchange(token, on: forum, binding: app.binding, uses: [fresh]) }
        #expect(refused == "AppNotAuthorized")
        try rig.spaces.update(forum, #"{"appAccess":{"type":"open"}}"#)
        #expect(rig.name { try rig.exchange(token, on: forum, binding: app.binding, uses: [fresh]) } == nil)
        #expect(rig.name { try rig.exchange(token, on: forum, binding: app.binding, uses: []) } == "JwtReplayed")
    }

    @Test func aTokenForAnotherSpaceOrAnotherKeyIsRefused() throws {
        let other = try rig.spaces.create("other")
        let token = try rig.delegate("bob", on: forum).text
        let (mine, theirs) = (try CredentialRig.App(), try CredentialRig.App())
        #expect(rig.name { try rig.exchange(token, on: other, binding: mine.binding) } == "InvalidDelegationToken")
        let permit = try rig.spaces.gate.permit(
            .mintCredential(key: mine.binding.holder), try rig.caller(token), on: forum, at: rig.start)
        let outcome = rig.name {
            try rig.credentials.exchange(permit, binding: theirs.binding, uses: [], at: rig.start)
        }
        #expect(outcome == "Forbidden", "a permit is for one key")
    }

    @Test func aPermitTakenBeforeARemovalMintsNothing() throws {
        let token = try rig.delegate("bob", on: forum).text
        let app = try CredentialRig.App()
        let permit = try rig.spaces.gate.permit(
            .mintCredential(key: app.binding.holder), try rig.caller(token), on: forum, at: rig.start)
        try rig.spaces.remove("bob", from: forum)
        let outcome = rig.name {
            try rig.credentials.exchange(permit, binding: app.binding, uses: [], at: rig.start)
        }
        #expect(outcome == "SpaceNotFound")
        #expect(try rig.issued(forum).isEmpty)
    }

    @Test func usersOfElsewhereAreJudgedHere() throws {
        let dave = "did:web:dave.elsewhere.example"
        let binding = try CredentialRig.App().binding
        func outcome() throws -> String? {
            let token = try rig.foreignToken(dave, on: forum)
            return rig.name { try rig.exchange(token, on: forum, binding: binding) }
        }
        #expect(try outcome() == "SpaceNotFound")
        _ = try rig.spaces.members.add(
            try rig.spaces.permit(.manageMembers, "alice", on: forum),
            try SpaceMembers.Addition(
                name: dave, isSpace: false, access: .reader, usual: .reader, refusesExisting: false), at: rig.start)
        #expect(try outcome() == nil)
        let absent = try rig.spaces.uri("absent")
        let token = try rig.foreignToken(dave, on: absent)
        #expect(rig.name { try rig.exchange(token, on: absent, binding: binding) } == "SpaceNotFound")
    }

    @Test func theAuthorityIsAlwaysAdmitted() throws {
        try rig.spaces.update(forum, #"{"policy":"managing-app","managingApp":"did:web:app.example#forum"}"#)
        let credential = try rig.mint("alice", on: forum)
        #expect(try rig.reading(credential) == nil && rig.spaces.apps.asked.isEmpty)
        let edge = try #require(try rig.view(credential.text))
        #expect(Set(edge.proofs.map { rig.graph.view($0).kind }) == [.ownership, .appAccess, .session])
    }

    @Test func aManagingApplicationDecidesAndDiesWithItsPolicy() throws {
        try rig.spaces.update(
            forum,
            #"{"policy":"managing-app","managingApp":"did:web:app.example#forum","appAccess":{"type":"allowList","allowed":["https://c.example/c.json"]}}"#
        )
        let bob = try rig.spaces.did("bob")
        #expect(rig.name { try rig.mint("bob", on: forum, app: "https://c.example/c.json") } == "UserNotAuthorized")
        #expect(rig.spaces.apps.asked.last?.clientID == "https://c.example/c.json")
        #expect(rig.spaces.apps.asked.last?.access == .read && rig.spaces.apps.asked.last?.user == bob)
        let count = rig.spaces.apps.asked.count
        #expect(rig.name { try rig.mint("bob", on: forum) } == "AppNotAuthorized")
        #expect(rig.spaces.apps.asked.count == count, "a refused application is not disclosed to the managing one")
        rig.spaces.apps.admit(bob)
        let credential = try rig.mint("bob", on: forum, app: "https://c.example/c.json")
        #expect(try rig.reading(credential) == nil)
        try rig.spaces.update(forum, #"{"policy":"managing-app","managingApp":"did:web:other.example#forum"}"#)
        #expect(try rig.reading(credential) == "CredentialRevoked")
    }

    @Test func aMemberWhoseRightToWriteLapsedStillGetsACredential() throws {
        try rig.spaces.update(
            forum,
            #"{"writePolicy":{"$type":"com.atproto.simplespace.defs#managingAppPolicy","managingApp":"did:web:app.example#forum"}}"#
        )
        #expect(try rig.reading(try rig.mint("bob", on: forum)) == nil)
    }

    @Test func theLifetimeIsBoundedByTheBindingAndByWhatItRestsOn() throws {
        let long = try CredentialRig(lifetime: 7200)
        let space = try long.spaces.create("forum")
        let app = try CredentialRig.App()
        func lifetime(_ binding: SpaceCredential.Binding, _ token: String) throws -> Int64 {
            let credential = try long.exchange(token, on: space, binding: binding)
            return credential.expiresAt - credential.issuedAt
        }
        #expect(try lifetime(app.binding, try long.delegate("alice", on: space).text) == 7200)
        #expect(try lifetime(.key(app.key.publicKey), try long.delegate("alice", on: space).text) == 3600)
        let guest = try DID("did:web:guest.elsewhere.example")
        let (start, authority) = (long.start, try DID(space.authority))
        _ = try long.spaces.store.transact(at: start) { change in
            try change.admit(
                HostStatement(
                    kind: .membership, issuer: authority, audience: guest,
                    capabilities: [
                        Capability(resource: .atproto(space: try Space(space), path: nil), ability: .spaceRead)
                    ],
                    expires: Timestamp(seconds: UnixTime.second(of: start) + 90)))
        }
        #expect(try lifetime(app.binding, try long.foreignToken(guest.text, on: space)) == 90)
    }
}
