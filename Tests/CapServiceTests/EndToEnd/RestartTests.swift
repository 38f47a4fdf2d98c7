import CapTesting
import Multiformats
import Testing
import UCAN

@Suite struct RestartTests {
    @Test func everythingAnsweredIsThereAfterAKill() throws {
        let folder = TemporaryFolder()
        let line = try Line(in: folder)
        let kept = try line.scene.admit(
            line.scene.ucan(
                line.scene.session, to: line.helper.did, [line.scene.space.can("tinycloud.kv/put", "kv/notes/")],
                proofs: [line.root]))
        #expect(try line.scene.revoke(line.first, by: line.scene.session).status == 200)
        let used = try line.scene.invocation(line.scene.session, line.scene.space.readAll, proofs: [line.root])
        let before = try line.scene.wire.post("/invoke", used)
        #expect(before.status == 200)
        #expect(try line.scene.wire.post("/invoke", used).status == 409)
        let host = try line.scene.wire.get("/version").json["nodeId"]?.string
        let revision = try line.scene.revision()
        line.scene.service.kill()

        let scene = try Scene(in: folder)
        #expect(try scene.revision() == revision)
        #expect(try scene.wire.get("/version").json["nodeId"]?.string == host)
        #expect(try scene.wire.post("/invoke", used).status == 409, "a use mark was lost")
        let list = try scene.read(scene.session, proofs: [line.root])
        #expect(list.body == before.body, "the list is not the same")
        #expect(list.json[kept.cid.text]?["raw"]?.string == kept.authorization())
        #expect(try !line.isAlive(scene))
        #expect(try scene.delegate(line.first).json["status"]?.string == "revoked")
    }

    @Test func aStopIsCleanAndLosesNothing() throws {
        let folder = TemporaryFolder()
        let line = try Line(in: folder)
        #expect(line.scene.service.stop() == 0)
        let scene = try Scene(in: folder)
        #expect(try line.isAlive(scene))
    }

    @Test func aSecondServiceOnTheSameDataIsRefused() throws {
        let folder = TemporaryFolder()
        let scene = try Scene(in: folder)
        let second = try Program.run(
            "capservice", ["serve", "--listen", "127.0.0.1:0", "--data", folder.path + "/data"])
        #expect(second.status == 1 && second.output.isEmpty)
        #expect(second.errors.hasPrefix("capservice: "), "\(second.errors)")
        #expect(try scene.wire.get("/healthz").status == 200)
    }

    @Test func aFileThatIsNoLogIsRefusedWithAMessage() throws {
        let folder = TemporaryFolder()
        folder.write(String(repeating: "not a database ", count: 400), to: "capability-graph.sqlite")
        let run = try Program.run("capservice", ["serve", "--listen", "127.0.0.1:0", "--data", folder.path])
        #expect(run.status == 1 && run.output.isEmpty)
        #expect(run.errors.hasPrefix("capservice: ") && run.errors.contains("hint: "), "\(run.errors)")
    }
}
