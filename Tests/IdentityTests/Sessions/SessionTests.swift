import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import Identity

/// How sessions begin, are renewed and end.
@Suite struct SessionTests {
    @Test func aSessionActsForItsAccountUntilItsTokenExpires() throws {
        let rig = try AccountRig()
        let (account, tokens) = try rig.make("alice")
        let session = try rig.session(tokens.access)
        #expect(session.account == account && !session.isAppPassword)
        rig.now = rig.now.adding(seconds: NewSession.accessLifetime - 1)
        #expect(try rig.session(tokens.access) == session)
        rig.now = rig.now.adding(seconds: 1)
        #expect(rig.code { try rig.session(tokens.access) } == .expiredToken)
        #expect(NewSession.accessLifetime >= 15 * 60)
        #expect(try rig.session(rig.refresh(tokens.refresh).1.access).id == session.id)
    }

    @Test func theTwoHalvesAreNotInterchangeable() throws {
        let rig = try AccountRig()
        let (_, tokens) = try rig.make("alice")
        #expect(rig.code { try rig.session(tokens.refresh) } == .invalidToken)
        #expect(rig.code { try rig.refresh(tokens.access) } == .invalidToken)
        #expect(rig.code { try rig.accounts.end(refresh: tokens.access, at: rig.now) } == .invalidToken)
    }

    @Test func noByteOfATokenMayChange() throws {
        let rig = try AccountRig()
        let (_, tokens) = try rig.make("alice")
        let bytes = Array(tokens.access.utf8)
        for index in stride(from: 0, to: bytes.count, by: 7) {
            var changed = bytes
            changed[index] = changed[index] == UInt8(ascii: "A") ? UInt8(ascii: "B") : UInt8(ascii: "A")
            guard changed != bytes else { continue }
            #expect(rig.code { try rig.session(String(decoding: changed, as: UTF8.self)) } == .invalidToken)
        }
        let none = Base64URL.encode(Array("{\"typ\":\"at+jwt\",\"alg\":\"none\"}".utf8))
        let payload = tokens.access.split(separator: ".")[1]
        for text in ["", "a", "a.b", "a.b.c", "\(none).\(payload).", tokens.access + ".x"] {
            #expect(rig.code { try rig.session(text) } == .invalidToken, "\(text)")
        }
    }

    @Test func aRefreshTokenUsedTwiceEndsTheSession() throws {
        let rig = try AccountRig()
        let (_, first) = try rig.make("alice")
        let (_, second) = try rig.refresh(first.refresh)
        #expect(try rig.session(second.access).account.handle == "alice.localhost")
        #expect(rig.code { try rig.refresh(first.refresh) } == .expiredToken)
        // Whoever has the newer pair may be the thief: it is gone too.
        #expect(rig.code { try rig.session(second.access) } == .invalidToken)
        #expect(rig.code { try rig.refresh(second.refresh) } == .expiredToken)
        #expect(try rig.session(rig.login("alice.localhost").1.access).account.handle == "alice.localhost")
    }

    @Test func ofManyRefreshersOneWins() throws {
        let rig = try AccountRig()
        let (_, tokens) = try rig.make("alice")
        let (wins, accounts, now) = (Locked(0), rig.accounts, rig.now)
        ParallelThreads.run(
            (0..<16).map { _ in
                {
                    guard (try? accounts.refresh(tokens.refresh, at: now)) != nil else { return }
                    wins.withLock { $0 += 1 }
                }
            })
        #expect(wins.withLock { $0 } == 1)
    }

    @Test func signingOutEndsBothHalvesAndOnlyThatSession() throws {
        let rig = try AccountRig()
        let (_, one) = try rig.make("alice")
        let (_, two) = try rig.login("alice.localhost")
        try rig.accounts.end(refresh: one.refresh, at: rig.now)
        #expect(rig.code { try rig.session(one.access) } == .invalidToken)
        #expect(rig.code { try rig.refresh(one.refresh) } == .expiredToken)
        #expect(rig.code { try rig.session(two.access) } == nil)
        try rig.accounts.end(refresh: one.refresh, at: rig.now)
    }

    @Test func sessionsOutliveARestart() throws {
        let folder = TemporaryFolder()
        var rig: AccountRig? = try AccountRig(in: folder)
        let tokens = try #require(try rig?.make("alice").1)
        let did = try #require(try rig?.session(tokens.access).account.did)
        let key = try #require(try rig?.accounts.signingKey(did)?.publicKey)
        rig = nil
        let again = try AccountRig(in: folder)
        #expect(try again.session(tokens.access).account.did == did)
        #expect(try again.accounts.signingKey(did)?.publicKey == key)
        #expect(try again.session(again.refresh(tokens.refresh).1.access).account.did == did)
    }

    @Test func aSessionIsAnEdgeThatRevocationEnds() throws {
        let rig = try AccountRig()
        let (account, tokens) = try rig.make("alice")
        let principal = try DID(session: rig.session(tokens.access).id)
        func may() -> Bool {
            let question = CheckQuestion(
                principal: principal, ability: .accountUse, resource: .account(account.did))
            if case .allow = rig.store.graph.snapshot().check(question, at: rig.now) { return true }
            return false
        }
        #expect(may())
        let edge = try rig.store.read { reader in try reader.first("SELECT edge FROM session") { $0.bytes(0) } }
        let name = try Multihash(bytes: try #require(edge))
        let now = rig.now
        try rig.store.transact(at: now) { transaction in
            try transaction.end(try #require(transaction.graph.edge(name)), by: account.did, reason: "test")
        }
        #expect(!may() && rig.code { try rig.session(tokens.access) } == .invalidToken)
        #expect(rig.code { try rig.refresh(tokens.refresh) } == .expiredToken)
    }

    @Test func aSessionInUseGetsANewEdgeBeforeTheOldOneRunsOut() throws {
        let rig = try AccountRig()
        var tokens = try rig.make("alice").1
        for _ in 0..<12 {
            rig.now = rig.now.adding(seconds: NewSession.refreshLifetime - 10)
            tokens = try rig.refresh(tokens.refresh).1
            #expect(rig.code { try rig.session(tokens.access) } == nil)
        }
        #expect(rig.store.graph.snapshot().edgeCount <= 12)
        rig.now = rig.now.adding(seconds: NewSession.refreshLifetime)
        #expect(rig.code { try rig.refresh(tokens.refresh) } == .expiredToken)
    }

    @Test func theNumberOfSessionsIsBounded() throws {
        let rig = try AccountRig()
        let (account, first) = try rig.make("alice")
        let now = rig.now
        try rig.store.transact(at: now) { transaction in
            for index in 0..<Accounts.maximumSessions {
                try transaction.run(
                    "INSERT INTO session VALUES(?1, ?2, NULL, 'x', ?3, ?4, ?3, ?5)",
                    [
                        .text("s\(index)"), .text(account.did.text), .integer(now.adding(seconds: 100).microseconds),
                        .blob([0x1e, 32] + [UInt8](repeating: 9, count: 32)),
                        .integer(now.microseconds + 1 + Int64(index)),
                    ])
            }
        }
        let (_, last) = try rig.login("alice.localhost")
        #expect(rig.code { try rig.session(last.access) } == nil)
        #expect(rig.code { try rig.session(first.access) } == .invalidToken, "the oldest ends first")
        let count = try rig.store.read { try $0.first("SELECT count(*) FROM session") { $0.integer(0) } }
        #expect(count == Int64(Accounts.maximumSessions))
    }

    @Test func suspendedAccountsCannotActAndDeactivatedOnesAreTold() throws {
        let rig = try AccountRig()
        let (account, tokens) = try rig.make("alice")
        for status in [Account.Status.suspended, .takenDown] {
            try rig.accounts.setStatus(status, of: account.did, at: rig.now)
            #expect(rig.code { try rig.session(tokens.access) } == .accountTakedown)
            #expect(rig.code { try rig.login("alice.localhost") } == .accountTakedown)
            #expect(rig.code { try rig.login("alice.localhost", "wrong") } == .authenticationRequired)
        }
        try rig.accounts.setStatus(.deactivated, of: account.did, at: rig.now)
        #expect(try rig.session(tokens.access).account.status == .deactivated)
        #expect(
            rig.code { try rig.accounts.setStatus(.active, of: DID("did:web:nobody"), at: rig.now) } == .accountNotFound
        )
    }
}
