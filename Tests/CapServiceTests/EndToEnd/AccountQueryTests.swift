import Multiformats
import Testing
import UCAN

/// POST /delegation/query: everything an account granted or received (tinycloud.md 6.6).
@Suite struct AccountQueryTests {
    private let line: Line
    private let other: SpaceName
    private let otherRoot: UnverifiedToken
    private var scene: Scene { line.scene }

    /// The line of one space, and a second space of the same owner that its second session uses.
    init() throws {
        line = try Line()
        other = SpaceName(of: line.scene.owner.did(), "photos")
        otherRoot = try line.scene.admit(
            line.scene.cacao(
                line.scene.owner, to: Cast.key(0x23).did.text, [other.can("tinycloud.kv/get", "kv/")], lasts: 7200))
    }

    private func ask(_ filter: JSON, by key: PrivateKey? = nil, proof: UnverifiedToken? = nil) throws -> JSON {
        let token = try scene.invocation(
            key ?? scene.session, [scene.space.can("tinycloud.delegation/list", "delegation/")],
            proofs: [proof ?? line.root])
        let response = try scene.wire.post("/delegation/query", token, json: filter)
        try #require(response.status == 200, "\(response.status) \(response.text)")
        #expect(response.json["schemaVersion"]?.number?.int64 == 2)
        return response.json
    }

    private func cids(_ filter: JSON) throws -> Set<String> {
        Set(try #require(try ask(filter)["items"]).texts("cid"))
    }

    private func set(_ tokens: UnverifiedToken...) -> Set<String> { Set(tokens.map(\.cid.text)) }

    @Test func theAccountIsItsOwnerAndTheKeysThatMayListForIt() throws {
        // The session may list for the account, so what it gave is granted; what the agent gave on is not.
        #expect(try cids(["direction": "granted"]).isSuperset(of: set(line.root, line.first, otherRoot)))
        #expect(try !cids([:]).contains(line.second.cid.text))
        #expect(try cids(["direction": "received"]) == [], "what is both counts as granted only")
        // Something another owner gives the session is received.
        let stranger = try Cast.wallet(9)
        let foreign = SpaceName(of: stranger.did())
        let gift = try scene.admit(
            scene.cacao(stranger, to: scene.session.did.text, [foreign.can("tinycloud.kv/get", "kv")]))
        #expect(try cids(["direction": "received"]) == set(gift))
        #expect(try cids(["direction": "all"]) == cids([:]))
        // With the list handed on to the agent, what the agent gave belongs to the account too.
        try scene.admit(
            scene.ucan(
                scene.session, to: line.agent.did, [scene.space.can("tinycloud.delegation/list", "delegation")],
                proofs: [line.root]))
        #expect(try cids(["direction": "granted"]).contains(line.second.cid.text))
    }

    @Test func spacesAreChosenByIdOrName() throws {
        #expect(try cids(["space": .string(other.text)]) == set(otherRoot))
        #expect(try cids(["space": "photos"]) == set(otherRoot))
        #expect(try cids(["space": "default"]).isSuperset(of: set(line.root, line.first)))
        #expect(try cids(["space": "photo"]) == [])
    }

    @Test func statesHaveTheirNamesAndCauses() throws {
        let brief = try scene.admit(
            scene.ucan(
                scene.session, to: line.helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/brief")],
                proofs: [line.root], lasts: 30))
        let below = try scene.admit(
            scene.cacao(
                scene.owner, to: line.helper.did.text, [scene.space.can("tinycloud.kv/get", "kv/notes/x")], lasts: 600))
        let back = try scene.admit(
            scene.ucan(
                line.helper, to: scene.session.did, [scene.space.can("tinycloud.kv/get", "kv/notes/x")],
                proofs: [below], lasts: 600))
        scene.advance(60)
        #expect(try scene.revoke(below, by: scene.owner).status == 200)
        #expect(try cids(["status": "expired"]) == set(brief))
        #expect(try cids(["status": "revoked"]) == set(below, back), "which selects what lies below it too")
        #expect(try cids(["status": "ancestor_revoked"]) == set(back))
        #expect(try cids(["status": "active"]).isDisjoint(with: set(brief, below, back)))
        #expect(try cids(["status": "pending"]) == [])
        let items = try #require(try ask(["status": "revoked"])["items"]?.array)
        for item in items {
            if item["cid"]?.string == below.cid.text {
                #expect(item["status"]?.string == "revoked")
                #expect(item["revokedBy"]?.string == scene.owner.did().text)
                #expect(item["revokedAt"]?.string == scene.time(0).rfc3339 && item["revokedAncestorCid"] == nil)
            } else {
                #expect(item["status"]?.string == "ancestor_revoked")
                #expect(item["revokedAncestorCid"]?.string == below.cid.text)
                #expect(item["revokedBy"] == nil && item["revokedAt"] == nil)
            }
        }
    }

    @Test func pagesFollowEachOtherInOneOrder() throws {
        for index in 0..<9 {
            try scene.admit(
                scene.ucan(
                    scene.session, to: line.helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/\(index)")],
                    proofs: [line.root]))
        }
        let whole = try #require(try ask(["limit": 100])["items"]).texts("cid")
        #expect(whole.count == 13 && Set(whole).count == 13)
        var paged: [String] = []
        var cursor: String?
        repeat {
            var filter: JSON = ["limit": 4, "direction": "granted"]
            if let cursor { filter = ["limit": 4, "direction": "granted", "cursor": .string(cursor)] }
            let page = try ask(filter)
            let cids = (page["items"] ?? .null).texts("cid")
            #expect(cids.count <= 4)
            paged += cids
            cursor = page["nextCursor"]?.string
            if let cursor {
                #expect(Base64URL.decode(cursor.utf8, padding: .forbidden) == cids.last.map { Array($0.utf8) })
            }
        } while cursor != nil && paged.count < 100
        #expect(paged == whole)
        // Newest first by the time a wallet wrote, unknown last, then by the text of the CID.
        let items = try #require(try ask(["limit": 100])["items"]?.array)
        let keys = items.map { ($0["issuedAt"]?.string ?? "", $0["cid"]?.string ?? "") }
        #expect(keys.elementsEqual(keys.sorted { $0.0 == $1.0 ? $0.1 < $1.1 : $0.0 > $1.0 }) { $0 == $1 })
    }

    @Test func aProofThatDoesNotReachTheOwnerGivesNoAccount() throws {
        // A stranger's root to the agent gives it a list of the stranger's own account, and of no other.
        let stranger = try Cast.wallet(9)
        let foreign = SpaceName(of: stranger.did())
        let own = try scene.admit(
            scene.cacao(stranger, to: line.agent.did.text, [foreign.can("tinycloud.delegation/list", "delegation")]))
        let token = try scene.invocation(
            line.agent, [scene.space.can("tinycloud.delegation/list", "delegation")], proofs: [own])
        #expect(try scene.wire.post("/delegation/query", token, json: [:]).status == 403)
        let theirs = try scene.invocation(
            line.agent, [foreign.can("tinycloud.delegation/list", "delegation")], proofs: [own])
        let answer = try scene.wire.post("/delegation/query", theirs, json: [:])
        #expect(answer.status == 200)
        let rows = try #require(answer.json["items"])
        #expect(Set(rows.texts("cid")) == set(own, line.first, line.second), "what the agent gave and received itself")
    }

    @Test func aKeyNamedByAStrangerDoesNotOpenWhatItHoldsToTheStranger() throws {
        let stranger = try Cast.wallet(9)
        let foreign = SpaceName(of: stranger.did())
        let lure = try scene.admit(
            scene.cacao(
                stranger, to: line.agent.did.text,
                [foreign.can("tinycloud.delegation/list", "delegation"), foreign.can("tinycloud.kv/get", "kv")]))
        // The agent takes it up, and once gives on something of both spaces in one delegation.
        let mixed = try scene.admit(
            scene.ucan(
                line.agent, to: line.helper.did,
                [foreign.can("tinycloud.kv/get", "kv/a"), scene.space.can("tinycloud.kv/get", "kv/notes/a")],
                proofs: [lure, line.first], lasts: 600))
        func ask(_ filter: JSON) throws -> JSON {
            let token = try TokenMaker.ucan(
                issuer: stranger.privateKey, audience: stranger.did(),
                capabilities: [foreign.can("tinycloud.delegation/list", "delegation")], expires: scene.time(60),
                nonce: TokenMaker.freshNonce(), issuerDID: stranger.did())
            let answer = try scene.wire.post("/delegation/query", token, json: filter)
            try #require(answer.status == 200, "\(answer.text)")
            #expect(!answer.text.contains(scene.space.text), "another owner's space is shown")
            return answer.json["items"] ?? .null
        }
        #expect(Set(try ask([:]).texts("cid")) == set(lure, mixed))
        #expect(try ask(["space": .string(scene.space.text)]).texts("cid") == [], "nor can it be asked for")
        #expect(Set(try ask(["space": "default"]).texts("cid")) == set(lure, mixed), "both spaces have that name")
    }

    @Test func theHistoryOfEndedSessionsIsComplete() throws {
        let other = try Cast.key(0x24)
        let second = try scene.admit(
            scene.cacao(scene.owner, to: other.did.text, scene.space.session, lasts: 7200))
        let made = try scene.admit(
            scene.ucan(
                other, to: line.helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/made")], proofs: [second],
                lasts: 3000))
        let third = try Cast.key(0x25)
        let brief = try scene.admit(
            scene.cacao(scene.owner, to: third.did.text, scene.space.session, lasts: 100))
        let short = try scene.admit(
            scene.ucan(
                third, to: line.helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/short")], proofs: [brief],
                lasts: 100))
        // What the keys hold beside their sessions, and give on once those are over, is their own affair.
        let lent = try [other, third].map { key in
            try scene.admit(
                scene.ucan(
                    line.agent, to: key.did, [scene.space.can("tinycloud.kv/get", "kv/notes/")], proofs: [line.first]))
        }
        #expect(try scene.revoke(second, by: scene.owner).status == 200)
        scene.advance(200)
        let late = try zip([other, third], lent).map { key, proof in
            try scene.admit(
                scene.ucan(
                    key, to: line.helper.did, [scene.space.can("tinycloud.kv/get", "kv/notes/late")], proofs: [proof],
                    lasts: 600))
        }
        let rows = try #require(try ask([:])["items"]?.array)
        let states = Dictionary(
            uniqueKeysWithValues: rows.map { ($0["cid"]?.string ?? "", $0["status"]?.string ?? "") })
        #expect(states[second.cid.text] == "revoked" && states[made.cid.text] == "ancestor_revoked")
        #expect(states[brief.cid.text] == "expired" && states[short.cid.text] == "expired")
        #expect(try cids(["direction": "granted"]).isSuperset(of: set(second, made, brief, short)))
        for token in late { #expect(states[token.cid.text] == nil) }
        #expect(try cids(["direction": "received"]) == Set(lent.map(\.cid.text)), "given while they were sessions")
        #expect(try cids(["status": "ancestor_revoked"]) == set(made))
        #expect(try cids(["status": "expired"]) == set(brief, short))
        // A cursor taken before a session ends goes on after it.
        let page = try ask(["limit": 2])
        let whole = rows.compactMap { $0["cid"]?.string }
        let cursor = try #require(page["nextCursor"])
        #expect(try scene.revoke(line.root, by: scene.owner).status == 200)
        let fresh = try Cast.key(0x26)
        let anew = try scene.admit(scene.cacao(scene.owner, to: fresh.did.text, scene.space.session, lasts: 60))
        let rest = try ask(["limit": 100, "cursor": cursor], by: fresh, proof: anew)["items"] ?? .null
        #expect(Set((page["items"] ?? .null).texts("cid") + rest.texts("cid")).isSuperset(of: whole))
    }
}
