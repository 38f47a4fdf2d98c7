import CapTesting
import Multiformats
import Testing
import UCAN

/// Sizes and quotas of the key-value plane, and what survives a kill.
@Suite struct KVLimitTests {
    @Test func aValueMayHaveSoManyBytesAndNotOneMore() throws {
        let kv = try KVScene(options: ["--kv-value-bytes", "3000000"])
        let most = [UInt8](repeating: 7, count: 3_000_000)
        #expect(try kv.ask("put", "a", body: most).status == 200)
        #expect(try kv.ask("get", "a").body == most)
        let more = try kv.ask("put", "b", body: most + [1])
        #expect(more.status == 413 && more.reason == "valueTooLarge", "\(more.status) \(more.text)")
        let far = try kv.ask("put", "b", body: most + most)
        #expect(far.status == 413, "\(far.status)")
        #expect(try kv.list("") == ["a"])
        let parts = (0..<3).map { ("p/\($0)", "t/p", [UInt8](repeating: UInt8($0), count: 1_000_000)) }
        let (header, body) = KVScene.form(parts)
        #expect(try kv.send(kv.token("put", parts.map(\.0)), body: body, headers: [header]).status == 200)
        #expect(try kv.send(kv.token("get", parts.map(\.0))).status == 200)
        let together = try kv.send(kv.token("get", parts.map(\.0) + ["a"]))
        #expect(together.status == 413 && together.reason == "responseTooLarge")
        let small = try kv.ask("get", "a", headers: ["x-tinycloud-max-response-bytes: 2999999"])
        #expect(small.status == 413 && small.text.contains("3000000 bytes"))
        #expect(try kv.ask("get", "a", headers: ["x-tinycloud-max-response-bytes: 3000000"]).status == 200)
    }

    @Test func onlyWhoMayPutIsLetSendALargeBody() throws {
        let kv = try KVScene()
        let large = [UInt8](repeating: 1, count: 2_000_000)
        #expect(try kv.ask("put", "a", body: large).status == 200)
        // Chunked, the size shows only while it comes.
        let token = try kv.token("put", ["b"]).authorization()
        let socket = try #require(RawSocket(port: kv.scene.service.port))
        socket.send(
            "POST /invoke HTTP/1.1\r\nHost: h\r\nAuthorization: \(token)\r\nTransfer-Encoding: chunked\r\n\r\n")
        for _ in 0..<20 {
            socket.send("186a0\r\n")
            socket.send(large[..<100_000] + [13, 10])
        }
        socket.send("0\r\n\r\n")
        #expect(socket.readResponse()?.status == 200)
        #expect(try kv.ask("get", "b").body == large)

        let reader = try kv.delegate(["get"], on: "kv/a")
        let heads: [(String, String?)] = [
            ("nobody", nil), ("no token", "x"),
            ("a read", try kv.token("get", ["a"]).authorization()),
            ("who may only read", try kv.token("put", ["a"], by: reader).authorization()),
            ("a forged token", try Refused.forged(kv.token("put", ["a"]), kv.scene).authorization()),
        ]
        for (name, token) in heads {
            let socket = try #require(RawSocket(port: kv.scene.service.port))
            let authorization = token.map { "Authorization: \($0)\r\n" } ?? ""
            socket.send("POST /invoke HTTP/1.1\r\nHost: h\r\n\(authorization)Content-Length: 2000000\r\n\r\n")
            let answer = socket.readResponse()
            #expect(answer?.status == 413 && answer?.errorCode == "bodyTooLarge", "\(name): \(answer?.status ?? 0)")
        }
        #expect(try kv.ask("get", "a").body == large)
    }

    @Test func aBodyShorterThanAnnouncedWritesNothing() throws {
        let kv = try KVScene()
        let token = try kv.token("put", ["a"])
        let socket = try #require(RawSocket(port: kv.scene.service.port))
        socket.send(
            "POST /invoke HTTP/1.1\r\nHost: h\r\nAuthorization: \(token.authorization())\r\n"
                + "Content-Length: 100\r\n\r\nonly this")
        socket.endSending()
        _ = socket.readToEnd()
        #expect(try kv.ask("get", "a").status == 404)
        // It never was a request, so the token is unused.
        #expect(try kv.send(token, body: [1]).status == 200)
    }

    @Test func aSpaceHoldsWhatItsQuotaAllows() throws {
        let kv = try KVScene(options: ["--kv-quota-bytes", "10000"])
        let scene = kv.scene
        // Besides its bytes a value costs its path and headers: 1 and 2 here.
        #expect(try kv.ask("put", "a", body: [UInt8](repeating: 1, count: 5000)).status == 200)
        let more = try kv.ask("put", "b", body: [UInt8](repeating: 1, count: 5000))
        #expect(more.status == 413 && more.reason == "quotaExceeded")
        #expect(more.text == "Write exceeds remaining storage. Used: 5003 bytes, Limit: 10000 bytes")
        #expect(try kv.ask("put", "b", body: [UInt8](repeating: 1, count: 4994)).status == 200)
        let full = try kv.ask("put", "c", body: [])
        #expect(full.status == 402 && full.reason == "quotaExceeded")
        #expect(full.text == "Storage quota exceeded. Used: 10000 bytes, Limit: 10000 bytes")
        // One value for another of its size, and less for more, always fit.
        #expect(try kv.ask("put", "b", body: [UInt8](repeating: 2, count: 4994)).status == 200)
        #expect(try kv.ask("put", "b", body: [UInt8](repeating: 2, count: 4995)).status == 402)
        #expect(try kv.ask("put", "b", body: [9]).status == 200)
        #expect(try kv.ask("del", "a").status == 200)
        #expect(try kv.ask("put", "a", body: [UInt8](repeating: 1, count: 9000)).status == 200)
        // A batch fits whole or not at all.
        let parts = [("x", "t/p", [UInt8](repeating: 1, count: 300)), ("y", "t/p", [UInt8](repeating: 1, count: 800))]
        let (header, body) = KVScene.form(parts)
        #expect(try kv.send(kv.token("put", ["x", "y"]), body: body, headers: [header]).status == 413)
        #expect(try kv.list("") == ["a", "b"])
        // 9000 and 1 bytes, two paths and twice no headers.
        let metrics = try scene.wire.get("/metrics").text
        #expect(metrics.contains("capservice_values 2\n") && metrics.contains("capservice_value_bytes 9007\n"))
        // Another space has room of its own.
        let other = SpaceName(of: scene.owner.did(), "other")
        try scene.host(other, by: scene.owner)
        let root = try scene.admit(
            scene.cacao(scene.owner, to: scene.session.did.text, [other.can("tinycloud.kv/put", "kv")]))
        let party = KVScene.Party(key: scene.session, proofs: [root])
        let put = try kv.send(
            kv.token("put", ["a"], by: party, in: other), body: [UInt8](repeating: 1, count: 9000))
        #expect(put.status == 200)
    }

    @Test func aListingTooLongWithoutALimitIsRefusedAndPagedWithOne() throws {
        let kv = try KVScene(options: ["--max-list-rows", "3"])
        for path in ["a", "b", "c"] { try kv.put(path, "x") }
        #expect(try kv.list("") == ["a", "b", "c"])
        try kv.put("d", "x")
        let long = try kv.ask("list", "")
        #expect(long.status == 413 && long.reason == "tooManyRows")
        let page = try kv.ask("list", "", headers: ["x-tinycloud-limit: 4"])
        #expect(page.json == ["a", "b", "c", "d"] && page.header("x-tinycloud-truncated") == "false")
    }

    @Test func whatWasAcknowledgedSurvivesAKillAndNothingIsDoneTwice() throws {
        let folder = TemporaryFolder()
        let kv = try KVScene(in: folder)
        let large = [UInt8](repeating: 3, count: 2_000_000)
        let puts = try (0..<20).map { try kv.token("put", ["k/\($0)"]) }
        for (place, token) in puts.enumerated() {
            #expect(try kv.send(token, body: place == 0 ? large : [UInt8(place)]).status == 200)
        }
        let deletion = try kv.token("del", ["k/1"])
        #expect(try kv.send(deletion).status == 200)
        #expect(try kv.ask("put", "k/1", body: [99]).status == 200)
        let refused = try kv.token("put", ["k/2"], by: .init(key: kv.bob, proofs: []))
        #expect(try kv.send(refused, body: [1]).status == 401)
        let before = try kv.everything()
        kv.scene.service.kill()

        let again = try KVScene(in: folder, isNew: false)
        #expect(try again.everything() == before && before.count == 20)
        for token in puts + [deletion] {
            #expect(try again.send(token, body: [77]).status == 409, "a use mark was lost")
        }
        // A key that no statement names leaves none.
        #expect(try again.send(refused, body: [77]).status == 401)
        #expect(try again.everything() == before)
        again.scene.service.kill()
        let verified = try Program.run("capservice", ["verify", "--data", folder.path + "/data"])
        #expect(
            verified.status == 0 && verified.output.contains("\"values\":20"), "\(verified.output)\(verified.errors)")
    }
}
