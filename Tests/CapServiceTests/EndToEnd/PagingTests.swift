import CapTesting
import Multiformats
import Synchronization
import Testing
import UCAN

@Suite struct PagingTests {
    private struct Paged {
        var cids: [String] = []
        var pages = 0
        var revisions: [Int64] = []
        var statuses: [String: String] = [:]
    }

    /// Reads page after page, calling `between` after each.
    private func pages(
        _ scene: Scene, _ invoker: PrivateKey, _ proof: UnverifiedToken, _ filters: JSON, limit: Int64,
        between: () throws -> Void = {}
    ) throws -> Paged {
        var paged = Paged()
        var cursor: String?
        repeat {
            var object = filters.object ?? JSONObject()
            object["limit"] = JSON.number(JSONNumber(limit))
            object["cursor"] = cursor.map(JSON.string)
            let response = try scene.read(invoker, proofs: [proof], ["type": "list", "filters": .object(object)])
            try #require(response.status == 200, "\(response.status) \(response.text)")
            let json = response.json
            let rows = try #require(json["delegations"]?.array)
            #expect(rows.count <= Int(limit))
            for row in rows {
                let cid = try #require(row["cid"]?.string)
                paged.cids.append(cid)
                paged.statuses[cid] = row["status"]?.string
            }
            paged.pages += 1
            paged.revisions.append(try #require(json["revision"]?.number?.int64))
            cursor = json["cursor"]?.string
            #expect(json["complete"]?.bool == (cursor == nil))
            #expect(json.keys == ["delegations"] + (cursor == nil ? [] : ["cursor"]) + ["complete", "revision"])
            #expect(!rows.isEmpty || cursor == nil, "an empty page must be the last")
            try between()
        } while cursor != nil
        return paged
    }

    private func grant(_ scene: Scene, _ root: UnverifiedToken, _ name: String) throws -> UnverifiedToken {
        try scene.ucan(
            scene.session, to: Cast.key(0x33).did, [scene.space.can("tinycloud.kv/get", "kv/notes/\(name)")],
            proofs: [root])
    }

    @Test func pagesTogetherAreTheWholeListNewestFirst() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        let grants = try (0..<23).map { try scene.admit(grant(scene, root, "\($0)")).cid.text }
        let filters: JSON = ["direction": "created", "path": "notes/", "actions": ["tinycloud.kv/get"]]
        for limit in [Int64(1), 5, 23, 24, 1000] {
            let paged = try pages(scene, scene.session, root, filters, limit: limit)
            #expect(paged.cids == grants.reversed() + [root.cid.text], "pages of \(limit)")
            #expect(paged.pages == (24 + Int(limit) - 1) / Int(limit), "pages of \(limit)")
        }
    }

    @Test func rowsNeitherVanishNorDoubleWhileOthersAreWrittenAndRevoked() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        let before = try (0..<60).map { try scene.admit(grant(scene, root, "\($0)")) }
        let stop = Atomic<Bool>(false)
        let added = Mutex(0)
        let fresh = try (0..<2000).map { try grant(scene, root, "new\($0)").authorization() }
        let revocations = try before.enumerated().filter { $0.offset % 3 == 0 }.map {
            try TokenMaker.revocation(issuer: scene.session, target: $0.element.cid, expires: scene.time(200))
                .authorization()
        }
        let port = scene.service.port
        final class Lists: @unchecked Sendable { var paged: [Result<Paged, any Error>] = [] }
        let lists = Lists()
        // Two writers and a reader: only thread 0 touches the scene.
        nonisolated(unsafe) let reader = scene
        Threads.run(3) { index in
            switch index {
            case 0:
                for _ in 0..<4 {
                    lists.paged.append(
                        Result {
                            try pages(
                                reader, reader.session, root, ["direction": "created", "path": "notes/"], limit: 7)
                        })
                }
                stop.store(true, ordering: .releasing)
            case 1:
                let wire = Wire(port)
                for token in fresh where !stop.load(ordering: .acquiring) {
                    guard let response = try? wire.post("/delegate", authorization: token), response.status == 200
                    else { return }
                    added.withLock { $0 += 1 }
                }
            default:
                let wire = Wire(port)
                for token in revocations where !stop.load(ordering: .acquiring) {
                    _ = try? wire.post("/revoke", authorization: token)
                }
            }
        }
        #expect(added.withLock { $0 } > 0, "nothing was written meanwhile")
        let kept = Set(before.enumerated().filter { $0.offset % 3 != 0 }.map(\.element.cid.text))
        for result in lists.paged {
            let paged = try result.get()
            #expect(Set(paged.cids).count == paged.cids.count, "a row came twice")
            #expect(kept.isSubset(of: paged.cids), "a row that stayed live is missing")
            #expect(paged.revisions == paged.revisions.sorted(), "a later page is of an earlier revision")
        }
    }

    @Test func aRowRevokedBetweenPagesStaysWithItsNewStatus() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        let grants = try (0..<6).map { try scene.admit(grant(scene, root, "\($0)")) }
        var revoked = false
        let paged = try pages(
            scene, scene.session, root, ["direction": "created", "path": "notes/", "status": "active"], limit: 2
        ) {
            if !revoked {
                #expect(try scene.revoke(grants[2], by: scene.session).status == 200)
                try scene.admit(grant(scene, root, "late"))
            }
            revoked = true
        }
        #expect(paged.cids == grants.map(\.cid.text).reversed() + [root.cid.text])
        #expect(paged.statuses[grants[2].cid.text] == "revoked")
        #expect(paged.statuses[grants[1].cid.text] == "active")
    }

    @Test func aRowThatExpiresBetweenPagesStaysWithItsNewStatus() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        let brief = try scene.admit(
            scene.ucan(
                scene.session, to: Cast.key(0x33).did, [scene.space.can("tinycloud.kv/get", "kv/notes/brief")],
                proofs: [root], lasts: 50))
        let later = try (0..<3).map { try scene.admit(grant(scene, root, "\($0)")).cid.text }
        let paged = try pages(scene, scene.session, root, ["direction": "created", "path": "notes/"], limit: 2) {
            scene.advance(30)
        }
        #expect(paged.cids == later.reversed() + [brief.cid.text, root.cid.text])
        #expect(paged.statuses[brief.cid.text] == "active", "30 s later it has 20 s left")
        scene.advance(30)
        let again = try pages(scene, scene.session, root, ["direction": "created", "path": "notes/"], limit: 2)
        #expect(again.cids == later.reversed() + [root.cid.text])
    }

    @Test func aCursorSurvivesARestartAndIsRefusedElsewhere() throws {
        let folder = TemporaryFolder()
        var scene = try Scene(in: folder)
        let root = try scene.signIn()
        let grants = try (0..<4).map { try scene.admit(grant(scene, root, "\($0)")).cid.text }
        func page(_ filters: JSON) throws -> RawResponse {
            try scene.read(scene.session, proofs: [root], ["type": "list", "filters": filters])
        }
        let first = try page(["path": "notes/", "limit": 2])
        let cursor = try #require(first.json["cursor"]?.string)
        #expect(first.json["delegations"]?.texts("cid") == [grants[3], grants[2]])
        #expect(try page(["path": "notes/", "limit": 2, "cursor": .string(cursor)]).status == 200)
        for (filters, what) in [
            (["path": "other/", "limit": 2, "cursor": .string(cursor)], "other filters"),
            (["path": "notes/", "cursor": .string(cursor)], "no limit"),
            (["path": "notes/", "limit": 2, "cursor": "bm9uc2Vuc2U"], "no cursor of ours"),
            (["path": "notes/", "limit": 2, "cursor": .string(cursor + "A")], "a longer text"),
            (["path": "notes/", "limit": 2, "cursor": 7], "a number"),
        ] as [(JSON, String)] {
            let refused = try page(filters)
            #expect(refused.status == 400, "\(what): \(refused.status) \(refused.text)")
        }
        scene.service.kill()
        scene = try Scene(in: folder)
        let second = try page(["path": "notes/", "limit": 2, "cursor": .string(cursor)])
        #expect(second.json["delegations"]?.texts("cid") == [grants[1], grants[0]])
    }
}
