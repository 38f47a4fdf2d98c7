import ATProto
import CapTesting
import Glibc
import Multiformats
import Testing
import UCAN

/// Who follows a space registers, is refused, unregisters, and loses the stream with the right to read.
@Suite struct NotificationRouteTests {
    private static let options = ["--registration", "open", "--allow-loopback-peers", "on"]

    private static func follow(_ scene: SpaceScene, _ space: String, by person: SpaceScene.Person) throws -> RawSocket {
        let socket = try #require(RawSocket(port: scene.accounts.service.port))
        let query = space.utf8.reduce(into: "") { $0 += $1 == UInt8(ascii: "%") ? "%25" : String(Unicode.Scalar($1)) }
        socket.send(
            "GET /xrpc/dev.capabilitygraph.space.subscribe?space=\(query) HTTP/1.1\r\nHost: x\r\n"
                + "Authorization: Bearer \(person.token)\r\n\r\n")
        return socket
    }

    @Test func whoReadsASpaceRegistersAServiceThatCanBeCalled() throws {
        let scene = try SpaceScene(options: Self.options)
        let (owner, reader, stranger) = (
            try scene.person("olga"), try scene.person("rita"), try scene.person("sam")
        )
        let space = try scene.create("news", by: owner)
        try scene.add(reader, to: space, access: "read", by: owner)
        func register(_ service: String, by person: SpaceScene.Person?) throws -> RawResponse {
            try scene.post(
                SpaceScene.space + "registerNotify", ["space": .string(space), "service": .string(service)], by: person)
        }
        let own = reader.did + "#atproto_pds"
        let made = try register(own, by: reader)
        #expect(made.status == 200 && made.json["expiresAt"]?.string == "2026-09-22T14:13:20Z", "\(made.text)")
        #expect(try register(own, by: stranger).outcome == "400 SpaceNotFound")
        #expect(try register(own, by: nil).outcome == "401 AuthMissing")
        #expect(try register(reader.did + "#nothing", by: reader).outcome == "400 ServiceNotResolvable")
        #expect(try register(KeyName.did("nothing"), by: reader).outcome == "400 ServiceNotResolvable")
        #expect(try register("did:key:zNothing", by: reader).outcome == "400 InvalidRequest")
        #expect(try register("nobody", by: reader).outcome == "400 InvalidRequest")
        func unregister(by person: SpaceScene.Person) throws -> String {
            try scene.post(
                SpaceScene.space + "unregisterNotify", ["space": .string(space), "service": .string(own)], by: person
            ).outcome
        }
        try scene.add(stranger, to: space, access: "read", by: owner)
        #expect(try unregister(by: stranger) == "403 Forbidden")
        #expect(try unregister(by: owner) == "200")
        #expect(try unregister(by: stranger) == "200")
    }

    @Test func loopbackServicesAreNotCalledUnlessConfigured() throws {
        let scene = try SpaceScene()
        let owner = try scene.person("olga")
        let space = try scene.create("news", by: owner)
        let refused = try scene.post(
            SpaceScene.space + "registerNotify",
            ["space": .string(space), "service": .string(owner.did + "#atproto_pds")], by: owner)
        #expect(refused.outcome == "400 ServiceNotResolvable")
    }

    @Test func newsOfWritesAndDeletionsNeedTheirSigners() throws {
        let scene = try SpaceScene()
        let owner = try scene.person("olga")
        let space = try scene.create("news", by: owner)
        let news: JSON = [
            "space": .string(space), "repo": .string(owner.did), "repoRev": "3kbcq3p7ad400",
            "hash": ["$bytes": .string(Base64.encode([UInt8](repeating: 1, count: 32)))],
        ]
        #expect(try scene.post(SpaceScene.space + "notifyWrite", news, by: owner).outcome == "403 Forbidden")
        #expect(try scene.post(SpaceScene.space + "notifyWrite", news).outcome == "401 AuthMissing")
        let gone: JSON = ["space": .string(space)]
        #expect(try scene.post(SpaceScene.space + "notifySpaceDeleted", gone).outcome == "401 AuthMissing")
        #expect(
            try scene.post(SpaceScene.space + "notifySpaceDeleted", gone, by: owner).outcome == "400 InvalidRequest")
        #expect(try scene.post(SpaceScene.simple + "deleteSpace", gone, by: owner).status == 200)
        #expect(try scene.post(SpaceScene.space + "notifySpaceDeleted", gone, by: owner).status == 200)
    }

    @Test func aStreamEndsWithinASecondOfTheRemovalOfWhoReadsIt() throws {
        let scene = try SpaceScene()
        let (owner, reader) = (try scene.person("olga"), try scene.person("rita"))
        let space = try scene.create("news", by: owner)
        try scene.add(reader, to: space, access: "read", by: owner)
        let (stays, goes) = (try Self.follow(scene, space, by: owner), try Self.follow(scene, space, by: reader))
        for stream in [stays, goes] {
            #expect(stream.read(until: "Content-Type: text/event-stream"))
            #expect(stream.read(until: "event: open\ndata: {\"space\":"))
        }
        let removed = try scene.post(
            SpaceScene.simple + "removeMember", ["space": .string(space), "did": .string(reader.did)], by: owner)
        #expect(removed.status == 200)
        #expect(goes.read(until: "0\r\n\r\n"))
        #expect(!stays.hasEnded(within: 0))
        #expect(try scene.post(SpaceScene.simple + "deleteSpace", ["space": .string(space)], by: owner).status == 200)
        #expect(stays.read(until: "0\r\n\r\n"))
    }

    @Test func aStreamIsRefusedAsReadingIs() throws {
        let scene = try SpaceScene()
        let (owner, stranger) = (try scene.person("olga"), try scene.person("sam"))
        let space = try scene.create("news", by: owner)
        let subscribe = "dev.capabilitygraph.space.subscribe"
        #expect(try scene.get(subscribe, [("space", space)], by: stranger).outcome == "400 SpaceNotFound")
        #expect(try scene.get(subscribe, [("space", space + "x")], by: owner).outcome == "400 SpaceNotFound")
        #expect(try scene.get(subscribe, [("space", space)]).outcome == "401 AuthMissing")
    }

    @Test func anAuthorityElsewhereSaysThatItsSpaceIsGone() throws {
        let scene = try SpaceScene()
        let olga = try scene.person("olga")
        let key = try PrivateKey.generate(.p256)
        let space = "at://\(key.did.text)/space/com.example.forum/elsewhere"
        try scene.write("one", "hello", to: space, by: olga)
        func tell(_ signer: PrivateKey, of space: String) throws -> String {
            let token = try ServiceAuthToken.make(
                issuer: signer.did.text, audience: olga.did, method: SpaceScene.space + "notifySpaceDeleted",
                key: signer,
                at: Timestamp(seconds: scene.accounts.now))
            return try scene.post(
                SpaceScene.space + "notifySpaceDeleted", ["space": .string(space)],
                by: SpaceScene.Person(did: signer.did.text, token: token)
            ).outcome
        }
        #expect(try tell(PrivateKey.generate(.p256), of: space) == "403 Forbidden")
        #expect(try tell(key, of: space) == "200")
        #expect(try tell(key, of: space + "x") == "200")
    }
}
