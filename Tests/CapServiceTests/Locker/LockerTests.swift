import CapTesting
import CapabilityGraph
import Multiformats
import Storage
import Testing
import UCAN

@testable import CapService

/// A family that nothing outside this folder knows of is decided, listed, explained and ended like those of the product.
@Suite struct LockerTests {
    private let bob: PrivateKey
    private let carol: PrivateKey

    init() throws {
        bob = try Cast.key(0x72)
        carol = try Cast.key(0x73)
    }

    @Test func resourcesAreReadByTheirOwnGrammar() throws {
        let families = try Families(of: LockerScene.families.kept())
        let locker = "locker:did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK:tools"
        for text in [locker, locker + "/box1", locker + "/capabilities/all"] {
            #expect(try families.resource(text).text == text)
            #expect(try families.resource(text).rootAuthority?.text == String(locker.dropFirst(7).dropLast(6)))
        }
        #expect(try families.resource(locker).contains(families.resource(locker + "/box1")))
        #expect(try !families.resource(locker + "/box1").contains(families.resource(locker + "/box10")))
        #expect(try families.space(locker).family == .locker)
        for text in [
            "locker:", "locker:did:key:z6Mk", locker + "/", locker + "/box1/in", locker + "/Box", locker + "/../x",
            locker + "/capabilities", "Locker" + locker.dropFirst(6), locker + "?x", "locker://x/y",
        ] {
            #expect(throws: GraphError.self, "\(text)") { try families.resource(text) }
        }
    }

    @Test func familiesThatClashAreRefusedAtTheStart() throws {
        #expect(throws: GraphError.self) { try Families([TinyCloud(), Lockers(), Lockers()]) }
        var other = Settings()
        other.data = TemporaryFolder().path
        #expect(throws: (any Error).self) {
            try Service(
                other, families: ServedFamilies(LockerScene.families.all + [ServedLockers()]), log: .off)
        }
    }

    private struct Hidden: ServedFamily {
        let path: String
        func kept() -> any StoreFamily { GraphOnly(Lockers()) }
        var routes: [ServiceRoute] {
            [ServiceRoute("hidden", .get, path) { _, _, _, answer in answer.send(.json([])) }]
        }
    }

    @Test func routesThatNobodyWouldReachAreRefusedAtTheStart() throws {
        for (path, isRefused) in [("/peer/generate/x", true), ("/xrpc/x", true), ("/version", true), ("/open", false)] {
            let families = ServedFamilies(ServedFamilies.standard.all + [Hidden(path: path)])
            let refusal = Result { try families.requireDistinct() }
            #expect(((try? refusal.get()) == nil) == isRefused, "\(path)")
        }
    }

    @Test func whatSomebodySignsIsAdmittedListedAndEnded() throws {
        let scene = try LockerScene()
        let wallet = try Cast.wallet(9)
        let key = try scene.lend("locker/open", to: bob)
        // The owner signs for a friend; the friend hands on a part, citing it.
        let first = try scene.ucan(scene.owner, to: carol.did, scene.can("locker/lend", "/box1"))
        let second = try scene.ucan(carol, to: wallet.did(), scene.can("locker/open", "/box1"), proofs: [first.cid])
        for token in [first, second] { #expect(try scene.wire.post("/delegate", token).status == 200) }
        let wider = try scene.ucan(carol, to: bob.did, scene.can("locker/put", "/box1"), proofs: [first.cid])
        #expect(try scene.wire.post("/delegate", wider).status == 401)
        #expect(try scene.decision(carol, "locker/open") == "allow")
        #expect(try scene.decision(carol, "locker/put") == "abilityNotCovered")
        #expect(try scene.decision(carol, "locker/open", "/box2") == "resourceNotCovered")

        let listed = try scene.read(["type": "list", "filters": [:], "limit": 10]).json
        #expect(listed["delegations"]?.texts("cid") == [second.cid.text, first.cid.text, key])
        #expect(listed["delegations"]?.texts("kind") == ["ucan", "ucan", "lockerKey"])
        let inside = try scene.read(["type": "list", "filters": ["path": "box1"], "limit": 10]).json
        #expect(inside["delegations"]?.texts("cid") == [second.cid.text, first.cid.text])
        let chain = try scene.read(["type": "chain", "delegation_cid": .string(second.cid.text)]).json
        #expect(chain.texts("cid") == [second.cid.text, first.cid.text])

        #expect(try scene.revoke(first.cid.text, by: bob).status == 403)
        #expect(try scene.revoke(first.cid.text, by: scene.owner).status == 200)
        #expect(try scene.decision(carol, "locker/open") == "revoked")
    }

    @Test func aWalletDelegatesALockerOfItsOwn() throws {
        let scene = try LockerScene { $0.hosting = .open }
        let wallet = try Cast.wallet(9)
        let place = "locker:\(wallet.did()):bikes/one"
        let token = try TokenMaker.cacao(
            wallet: wallet, audience: bob.did.text,
            capabilities: [TokenCapability(resource: place, ability: "locker/open", caveats: [])],
            domain: "app.example", issuedAt: Timestamp(seconds: LockerScene.now - 60).rfc3339,
            expires: Timestamp(seconds: LockerScene.now + 600).rfc3339)
        let answer = try scene.wire.post("/delegate", token)
        #expect(answer.status == 200 && answer.json["activated"]?.strings == ["locker:\(wallet.did()):bikes"])
        let asked: JSON = [
            "principal": .string(bob.did.text), "ability": "locker/open", "resource": .string(place),
        ]
        let own = try scene.invocation(bob, TokenCapability(resource: place, ability: "locker/open", caveats: []))
        #expect(try scene.wire.post("/authorize", own, json: asked).json["decision"] == "allow")
    }

    @Test func aCaveatAndAConditionAreJudgedByTheContext() throws {
        let scene = try LockerScene()
        let key = try scene.lend("locker/open", "/box1", to: bob, hours: 8..<18)
        let missing = try scene.ask(bob, "locker/open")
        #expect(missing["reason"]?["code"] == "missingContext" && missing["reason"]?["edge"]?.string == key)
        #expect(missing["reason"]?["message"]?.string?.contains("`hour`") == true)
        #expect(try scene.decision(bob, "locker/open", context: ["hour": 9]) == "allow")
        #expect(try scene.decision(bob, "locker/open", context: ["hour": 18]) == "caveatFailed")
        let explained = try scene.ask(bob, "locker/open", context: ["hour": 20], explain: true)["explain"]
        #expect(explained?["candidates"]?.texts("caveatFailure") == ["outside-hours"])
        #expect(explained?["candidates"]?.texts("cid") == [key])
        for wrong: JSON in [["hour": 24], ["hour": "9"], ["minute": 9]] {
            #expect(try scene.ask(bob, "locker/open", context: wrong)["error"] == "malformedQuestion")
        }
        // What a use takes beside the right binds the owner too.
        #expect(try scene.decision(scene.owner, "locker/put") == "missingContext")
        #expect(try scene.decision(scene.owner, "locker/put", context: ["hour": 23]) == "houseClosed")
        #expect(try scene.decision(scene.owner, "locker/put", context: ["hour": 12]) == "allow")
        // Fewer hours may be handed on, more may not.
        func handOn(_ from: Int64, _ until: Int64) throws -> Int {
            let caveat = OpeningHours(from..<until).json
            return try scene.wire.post(
                "/delegate",
                scene.ucan(
                    bob, to: carol.did, scene.can("locker/open", "/box1", caveats: [caveat]),
                    proofs: [CID(text: key.utf8)])
            ).status
        }
        #expect(try handOn(7, 12) == 401)
        #expect(try handOn(9, 12) == 200)
        #expect(try scene.decision(carol, "locker/open", context: ["hour": 10]) == "allow")
        #expect(try scene.decision(carol, "locker/open", context: ["hour": 14]) == "caveatFailed")
        // A key without caveats need not be cited, for no client can know it before it asks.
        _ = try scene.lend("locker/open", "/box2", to: bob)
        let uncited = try scene.ucan(bob, to: carol.did, scene.can("locker/open", "/box2"))
        #expect(try scene.wire.post("/delegate", uncited).status == 200)
        #expect(try scene.decision(carol, "locker/open", "/box2") == "allow")
    }

    @Test func onlyWhoMayLendHasKeysMadeAndTheyEndWithItsOwn() throws {
        let scene = try LockerScene()
        #expect(try scene.askToLend("locker/open", "/box1", to: carol, by: bob).reason == "mayNotLend")
        let master = try scene.lend("locker/lend", to: bob)
        let lent = try scene.lend("locker/open", "/box1", to: carol, by: bob)
        #expect(try scene.decision(carol, "locker/open") == "allow")
        #expect(try scene.askToLend("locker/put", "/box1", to: carol, by: bob).status == 403)
        #expect(try scene.holders() == [bob.did.text, carol.did.text].sorted())
        // Who manages the locker ends any key to it.
        #expect(try scene.revoke(lent, by: bob).status == 200)
        #expect(try scene.decision(carol, "locker/open") == "revoked")
        #expect(try scene.holders() == [bob.did.text])
        let again = try scene.lend("locker/open", "/box1", to: carol, by: bob)
        #expect(try scene.revoke(master, by: carol).status == 403)
        #expect(try scene.revoke(master, by: scene.owner).status == 200)
        #expect(try scene.decision(carol, "locker/open") == "revoked")
        // What the end of a key undoes is the family's: the keys that were lent by it are taken back too.
        #expect(try scene.holders() == [])
        #expect(try scene.revoke(again, by: scene.owner).status == 200)
    }

    @Test func everythingIsThereAgainAfterARestart() throws {
        let folder = TemporaryFolder()
        var scene = try LockerScene(in: folder)
        let ended = try scene.lend("locker/put", to: bob)
        _ = try scene.lend("locker/open", "/box1", to: carol, hours: 8..<18)
        #expect(try scene.revoke(ended, by: scene.owner).status == 200)
        let holders = try scene.holders()
        scene.stop()
        scene = try LockerScene(in: folder)
        #expect(try scene.holders() == holders && holders == [carol.did.text])
        #expect(try scene.decision(bob, "locker/put", context: ["hour": 12]) == "revoked")
        #expect(try scene.decision(carol, "locker/open", context: ["hour": 12]) == "allow")
        scene.stop()
        let database = folder.path + "/capability-graph.sqlite"
        #expect(
            try GraphStore.compareProjections(path: database, families: LockerScene.families.kept()).isEmpty)
        // A program without the family does not guess at its edges.
        let error = #expect(throws: GraphError.self) {
            try GraphStore.openForReading(path: database, families: .standard())
        }
        #expect(error?.message.contains("unknown kind 200") == true)
    }
}
