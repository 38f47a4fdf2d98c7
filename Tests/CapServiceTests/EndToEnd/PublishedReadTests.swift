import CapTesting
import Multiformats
import Testing
import UCAN

/// Serves the published reads, made by independent code, and compares with what the reference's rules answer.
@Suite struct PublishedReadTests {
    private let vectors: JSON
    private let members = ["capabilities", "delegator", "delegate", "parents", "raw"]

    init() throws {
        vectors = try Fixture.json("vectors/tinycloud/derived/capabilities-read.json")
    }

    private func text(_ path: String...) throws -> String {
        var value: JSON? = vectors
        for step in path { value = value?[step] }
        return try #require(value?.string, "no text at \(path)")
    }

    private func item(_ list: String, _ name: String) throws -> String {
        let items = try #require(vectors[list]?["items"]?.array ?? vectors[list]?.array)
        return try #require(items.first { $0["name"]?.string == name }?["authorization"]?.string, "no \(name)")
    }

    /// A service that holds the three delegations, sent as a client sends them.
    private func filled(_ options: [String]) throws -> (ServiceProcess, Wire) {
        let service = try ServiceProcess(clock: Scene.start, options: options)
        let wire = Wire(service)
        for name in try #require(vectors["storeOrder"]?.strings) {
            let response = try wire.post("/delegate", authorization: text(name, "authorization"))
            try #require(response.status == 200, "\(name): \(response.text)")
            #expect(response.json["cid"]?.string == (try text(name, "cid")))
            #expect(response.json["activated"]?.strings == [try text("spaceId")])
        }
        return (service, wire)
    }

    /// The members the reference answers, each as the bytes it would have on the wire; order inside is not significant.
    private func reference(_ row: JSON) throws -> [String: [UInt8]] {
        var kept: [String: [UInt8]] = [:]
        for name in members {
            var value = try #require(row[name], "no member `\(name)`")
            if name == "capabilities" {
                let sorted = (value.array ?? []).map { $0.canonical() }
                    .sorted { $0.lexicographicallyPrecedes($1) }
                value = .array(try sorted.map { try JSON.parse($0) })
            }
            kept[name] = value.canonical()
        }
        return kept
    }

    private func expectRow(_ row: JSON?, equals expected: JSON, _ name: String) throws {
        let row = try #require(row, "\(name): the row is missing")
        #expect(try reference(row) == reference(expected), "\(name)")
    }

    @Test func theAnswersKeepEveryMemberOfTheReference() throws {
        let (service, wire) = try filled(["--parents-as-bytes", "on"])
        defer { service.kill() }
        let answers = try #require(vectors["referenceResponses"])
        let child = try text("childDelegation", "cid")
        let host = try text("hostDelegation", "cid")
        let root = try text("rootDelegation", "cid")
        func ask(_ name: String) throws -> JSON {
            let response = try wire.post("/invoke", authorization: item("invocations", name))
            #expect(response.status == 200, "\(name)")
            return response.json
        }
        for name in ["read-all-no-params", "list-path-actions"] {
            let ours = try ask(name)
            let expected = try #require(answers[name]?.object)
            #expect(Set(ours.keys) == Set(expected.members.map(\.key)), "\(name)")
            for (cid, row) in expected.members { try expectRow(ours[cid], equals: row, name) }
        }
        // By the identity rule the session key created its own UCAN too, and what its owner gave is created only.
        let all = try #require(answers["read-all-no-params"])
        let created = try ask("list-created")
        #expect(Set(created.keys) == [host, root, child])
        #expect(answers["list-created"]?[child] == nil && answers["list-created"]?[root] != nil)
        for cid in created.keys { try expectRow(created[cid], equals: try #require(all[cid]), "list-created") }
        let received = try ask("list-received")
        #expect(received == answers["list-received"] && received.object?.isEmpty == true)

        let chain = try ask("chain-of-child")
        let expected = try #require(answers["chain-of-child"]?.array)
        #expect(chain.array?.count == expected.count)
        for (ours, row) in zip(chain.array ?? [], expected) { try expectRow(ours, equals: row, "chain-of-child") }
        #expect(chain.texts("cid") == [child, root])
    }

    @Test func parentsAreTextUnlessAskedOtherwise() throws {
        let (service, wire) = try filled([])
        defer { service.kill() }
        let rows = try wire.post("/invoke", authorization: item("invocations", "read-all-no-params")).json
        let child = try #require(rows[text("childDelegation", "cid")])
        #expect(child["parents"]?.strings == [try text("rootDelegation", "cid")])
        #expect(child["expiry"]?.string == "2026-07-10T13:00:00Z")
        #expect(child["not_before"]?.string == "2026-07-10T12:00:00Z")
    }

    @Test func statusAndAccountQueryAnswer() throws {
        let (service, wire) = try filled([])
        defer { service.kill() }
        let child = try text("childDelegation", "cid")
        let status = try wire.post(
            "/delegation/status", authorization: text("controlInvocations", "status", "authorization"),
            body: JSON.object(try #require(JSONObject([("cid", .string(child))]))).serialized())
        #expect(
            status.json == [
                "cid": .string(child), "status": "active", "exists": true, "active": true, "revoked": false,
                "expired": false,
            ])
        let query = try wire.post(
            "/delegation/query", authorization: text("controlInvocations", "query", "authorization"),
            body: Array("{}".utf8))
        #expect(query.status == 200 && query.json["schemaVersion"]?.number?.int64 == 2)
        let items = try #require(query.json["items"]?.array)
        let root = try text("rootDelegation", "cid")
        let host = try text("hostDelegation", "cid")
        // Issued at is known for wallet messages only, and stands first, newest first, then by CID.
        #expect(query.json["items"]?.texts("cid").sorted() == [child, host, root].sorted())
        #expect(items.last?["cid"]?.string == child && items.last?["issuedAt"]?.isNull == true)
        #expect(items.allSatisfy { $0["direction"]?.string == "granted" && $0["status"]?.string == "active" })
        let row = try #require(items.last)
        #expect(
            row.keys == [
                "cid", "direction", "delegatorDid", "delegateDid", "resources", "parents", "issuedAt", "notBefore",
                "expiresAt", "status",
            ])
        #expect(row["parents"]?.strings == [root])
        #expect(
            row["resources"] == [
                [
                    "resource": .string(try text("spaceId") + "/kv/notes/shared/"),
                    "actions": ["tinycloud.kv/get"], "caveats": [[:]],
                ]
            ])
    }

    @Test func everyPublishedRevocationEndsItsTarget() throws {
        let child = try text("childDelegation", "cid")
        for revocation in try #require(vectors["revocations"]?.array) {
            let (service, wire) = try filled([])
            defer { service.kill() }
            let name = revocation["name"]?.string ?? "?"
            let target = revocation["kind"]?.string == "cacao" ? try text("rootDelegation", "cid") : child
            let receipt = try wire.post("/revoke", authorization: #require(revocation["authorization"]?.string))
            #expect(receipt.status == 200 && receipt.json == ["revoked": true, "cid": .string(target)], "\(name)")
            let again = try wire.post("/delegate", authorization: text("childDelegation", "authorization"))
            #expect(again.json["status"]?.string == "revoked", "\(name)")
            let list = try wire.post("/invoke", authorization: item("invocations", "read-all-no-params"))
            if revocation["kind"]?.string == "cacao" {
                #expect(list.status == 401 && list.text == "delegation-revoked: \(target)", "\(name)")
            } else {
                #expect(list.json[child] == nil && list.json.keys.count == 2, "\(name)")
            }
        }
    }

    @Test func twinsOfTheSessionAreOneGrantOrRefused() throws {
        let (service, wire) = try filled([])
        defer { service.kill() }
        let before = try wire.get("/metrics").text
        #expect(before.contains("capservice_edges 3\n"))
        for name in ["recovery-byte-0", "recovery-byte-54", "lowercase-iss", "unknown-top-level-key"] {
            let response = try wire.post("/delegate", authorization: item("cacaoTwins", name))
            switch name {
            case "recovery-byte-0":
                #expect(response.status == 200)
                #expect(response.json["sameAs"]?.string == (try text("rootDelegation", "cid")))
            default: #expect(response.status == 401, "\(name)")
            }
            #expect(try wire.get("/metrics").text.contains("capservice_edges 3\n"), "\(name)")
        }
    }
}
