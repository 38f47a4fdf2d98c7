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

    /// A grace period of a minute; each window of it is judged from the token's own use.
    @Test func aRefreshTokenUsedAgainInTimeGetsTheSameAnswer() throws {
        let rig = try AccountRig(refreshGrace: 60)
        let (_, first) = try rig.make("alice")
        let answer = try rig.refresh(first.refresh).1
        rig.now = rig.now.adding(seconds: 59)
        let again = try rig.refresh(first.refresh).1
        #expect(again.access == answer.access && again.refresh == answer.refresh)
        // Its answer goes on as if it had been asked once, and does not make its own window longer.
        let next = try rig.refresh(answer.refresh).1
        #expect(try rig.refresh(first.refresh).1.refresh == answer.refresh)
        rig.now = rig.now.adding(seconds: 1)
        #expect(try rig.refresh(answer.refresh).1.refresh == next.refresh)
        #expect(rig.code { try rig.session(next.access) } == nil)
        #expect(rig.code { try rig.refresh(first.refresh) } == .expiredToken)
        #expect(rig.code { try rig.session(next.access) } == .invalidToken, "later it ends the family")
        #expect(rig.code { try rig.refresh(next.refresh) } == .expiredToken)
    }

    @Test func theGraceHoldsAcrossARestartAndKeepsNoToken() throws {
        let folder = TemporaryFolder()
        var rig: AccountRig? = try AccountRig(in: folder, refreshGrace: 60)
        let first = try #require(try rig?.make("alice").1)
        let answer = try #require(try rig?.refresh(first.refresh).1)
        let stored = try rig?.store.read { try $0.first("SELECT refresh FROM session") { $0.text(0) } }
        rig = nil
        #expect(stored?.split(separator: " ").count == 3, "names and a time: \(stored ?? "")")
        for part in (answer.refresh + "." + answer.access).split(separator: ".") {
            #expect(stored?.contains(part) == false)
        }
        let again = try AccountRig(in: folder, refreshGrace: 60)
        #expect(try again.refresh(first.refresh).1.refresh == answer.refresh)
        #expect(try again.refresh(first.refresh).1.access == answer.access)
    }

    @Test(arguments: ["signed out", "edge revoked", "app password revoked", "taken down"])
    func anEndedSessionHasNoGrace(_ how: String) throws {
        let rig = try AccountRig(refreshGrace: 60)
        let (account, _) = try rig.make("alice")
        let password = try rig.accounts.createAppPassword("app", isPrivileged: false, of: account.did, at: rig.now)
        let first = try rig.login("alice.localhost", password).1
        let answer = try rig.refresh(first.refresh).1
        #expect(try rig.refresh(first.refresh).0.isAppPassword)
        let now = rig.now
        switch how {
        case "signed out": try rig.accounts.end(refresh: first.refresh, at: now)
        case "app password revoked": try rig.accounts.revokeAppPassword("app", of: account.did, at: now)
        case "taken down": try rig.accounts.setStatus(.takenDown, of: account.did, at: now)
        default:
            let edge = try rig.store.read { reader in
                try reader.first("SELECT edge FROM session WHERE app_password = 'app'") { $0.bytes(0) }
            }
            let name = try Multihash(bytes: try #require(edge))
            try rig.store.transact(at: now) { transaction in
                try transaction.end(try #require(transaction.graph.edge(name)), by: account.did, reason: "test")
            }
        }
        #expect(rig.code { try rig.refresh(first.refresh) } != nil)
        #expect(rig.code { try rig.refresh(answer.refresh) } != nil)
        #expect(rig.code { try rig.session(answer.access) } != nil)
    }

    @Test func ofManyRefreshersInTimeAllGetOneAnswer() throws {
        let rig = try AccountRig(refreshGrace: 60)
        let (_, tokens) = try rig.make("alice")
        let (answers, accounts, now) = (Locked<[String]>([]), rig.accounts, rig.now)
        ParallelThreads.run(
            (0..<16).map { _ in
                {
                    guard let made = try? accounts.refresh(tokens.refresh, at: now).1 else { return }
                    answers.withLock { $0.append(made.access + " " + made.refresh) }
                }
            })
        #expect(answers.withLock { $0.count } == 16 && Set(answers.withLock { $0 }).count == 1)
    }

    @Test func theTokensRememberedAreBounded() throws {
        let rig = try AccountRig(refreshGrace: 60)
        var tokens = try rig.make("alice").1
        for _ in 0..<(3 * RefreshChain.maximumUses) { tokens = try rig.refresh(tokens.refresh).1 }
        let stored = try rig.store.read { try $0.first("SELECT refresh FROM session") { $0.text(0) } }
        #expect(stored?.split(separator: " ").count == 2 * RefreshChain.maximumUses + 1)
        #expect(rig.code { try rig.refresh(tokens.refresh) } == nil)
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
            if case .allow = rig.store.unprovenSnapshot().check(question, at: rig.now) { return true }
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
        #expect(rig.store.unprovenSnapshot().edgeCount <= 12)
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

    @Test func aDeletedAccountLeavesNothingAndFreesItsName() throws {
        let rig = try AccountRig()
        let (account, tokens) = try rig.make("alice")
        _ = try rig.accounts.createAppPassword("app", isPrivileged: false, of: account.did, at: rig.now)
        let accounts = rig.accounts
        try rig.store.transact(at: rig.now) { try accounts.delete(account.did, in: $0) }
        #expect(rig.code { try rig.session(tokens.access) } == .invalidToken)
        #expect(rig.code { try rig.login("alice.localhost") } == .authenticationRequired)
        #expect(try accounts.account(account.did) == nil && accounts.signingKey(account.did) == nil)
        for table in ["account", "session", "app_password"] {
            #expect(try rig.store.read { try $0.first("SELECT count(*) FROM \(table)") { $0.integer(0) } } == 0)
        }
        #expect(
            rig.code { try rig.store.transact(at: rig.now) { try accounts.delete(account.did, in: $0) } }
                == .accountNotFound)
        _ = try rig.make("alice")
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
        #expect(rig.code { try rig.session(tokens.access) } == .invalidToken, "its sessions ended for good")
        #expect(rig.code { try rig.refresh(tokens.refresh) } == .expiredToken)
        let again = try rig.login("alice.localhost").1
        #expect(try rig.session(again.access).account.status == .deactivated)
        #expect(
            rig.code { try rig.accounts.setStatus(.active, of: DID("did:web:nobody"), at: rig.now) } == .accountNotFound
        )
    }
}
