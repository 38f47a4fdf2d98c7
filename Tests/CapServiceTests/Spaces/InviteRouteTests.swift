import CapTesting
import Multiformats
import Testing

/// Invites over HTTP (atproto-spaces.md 16).
@Suite struct InviteRouteTests {
    private typealias Scene = SpaceScene

    private let scene: SpaceScene
    private let alice: SpaceScene.Person
    private let bob: SpaceScene.Person
    private let carol: SpaceScene.Person
    private let forum: String

    init() throws {
        scene = try Scene()
        (alice, bob, carol) = (try scene.person("alice"), try scene.person("bob"), try scene.person("carol"))
        forum = try scene.create("main", by: alice)
    }

    private func invite(
        _ members: [JSONObject.Member] = [], by person: SpaceScene.Person? = nil, _ name: String = "createInvite"
    ) throws -> RawResponse {
        let body = JSONObject([("space", .string(forum))] + members) ?? JSONObject()
        return try scene.post(Scene.older + name, .object(body), by: person ?? alice)
    }

    private func accept(
        _ made: RawResponse, by person: SpaceScene.Person?, _ name: String = "acceptInvite"
    ) throws -> RawResponse {
        try scene.post(Scene.older + name, ["token": made.json["token"] ?? "?"], by: person)
    }

    private func listed() throws -> [JSON] {
        try scene.get(Scene.older + "listInvites", [("space", forum)], by: alice).json["invites"]?.array ?? []
    }

    @Test func anInviteMakesAMemberOnce() throws {
        let made = try invite()
        #expect(made.status == 201 && made.json.keys == ["inviteId", "token", "access", "maxUses", "expiresAt"])
        let token = try #require(made.json["token"]?.string)
        #expect(token.utf8.count == 48 && token.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) })
        #expect(made.json["access"] == "read" && made.json["maxUses"] == .null && made.json["expiresAt"] == .null)
        #expect(try accept(made, by: nil).outcome == "401 AuthMissing")
        let accepted = try accept(made, by: bob)
        #expect(accepted.status == 201 && accepted.json == ["uri": .string(forum), "access": "read"])
        #expect(try scene.members(forum, by: alice) == [bob.did: "read"])
        #expect(try accept(made, by: bob).outcome == "409 AlreadyMember")
        #expect(try accept(made, by: alice).outcome == "409 AlreadyMember")
        let row = try #require(try listed().first)
        #expect(row["id"] == made.json["inviteId"] && row["uses"] == 1 && row["revoked"] == false)
        #expect(row["createdBy"]?.string == alice.did && row["createdAt"]?.string == "2026-09-21T14:13:20Z")
        #expect(try !JSON.array(listed()).serialized().contains(Array(token.utf8)), "the secret is told once")
    }

    @Test func refusalsComeInTheirOrder() throws {
        let unknown = try scene.post(
            Scene.older + "acceptInvite", ["token": .string(String(repeating: "0", count: 48))], by: bob)
        #expect(unknown.outcome == "404 InvalidInvite")
        let once = try invite([("maxUses", 1), ("expiresAt", "2026-09-21T14:14:20.000Z"), ("access", "write")])
        #expect(once.json["maxUses"] == 1)
        #expect(try accept(once, by: bob).status == 201)
        #expect(try accept(once, by: carol).outcome == "400 InviteExhausted")
        let timed = try invite([("expiresAt", "2026-09-21T16:14:20+02:00"), ("maxUses", .null)])
        scene.accounts.advance(60)
        #expect(try accept(timed, by: carol).outcome == "400 InviteExpired")
        #expect(try accept(timed, by: bob).outcome == "400 InviteExpired", "before that he is a member already")
        #expect(try accept(once, by: carol).outcome == "400 InviteExhausted", "before that it has expired")
        let revoke: [JSONObject.Member] = [("inviteId", once.json["inviteId"] ?? .null)]
        for _ in 1...2 { #expect(try invite(revoke, "revokeInvite").json == ["success": true]) }
        #expect(try accept(once, by: carol).outcome == "400 InviteRevoked")
        #expect(try scene.members(forum, by: alice) == [bob.did: "write"], "whom it let in stays")
    }

    @Test func malformedInvitesAreNotMade() throws {
        let odd: [JSONObject.Member] = [
            ("access", "admin"), ("access", 1), ("maxUses", 0), ("maxUses", -1), ("maxUses", "3"),
            ("maxUses", try JSON.parse(Array("1.5".utf8))),
            ("expiresAt", "tomorrow"), ("expiresAt", 5),
        ]
        for member in odd { #expect(try invite([member]).outcome == "400 InvalidRequest", "\(member)") }
        #expect(try listed().isEmpty)
    }

    @Test func invitesAreTheOwnersOfTheirSpace() throws {
        try scene.add(bob, to: forum, by: alice)
        #expect(try invite(by: bob).outcome == "403 NotSpaceOwner")
        #expect(try invite(by: carol).outcome == "404 SpaceNotFound")
        let made = try invite()
        let id = made.json["inviteId"] ?? .null
        let other = try scene.create("other", by: carol)
        let revoked = try scene.post(
            Scene.older + "revokeInvite", ["space": .string(other), "inviteId": id], by: carol)
        #expect(revoked.outcome == "404 InvalidInvite")
        #expect(try invite([("inviteId", "nothing")], "revokeInvite").outcome == "404 InvalidInvite")
        #expect(try accept(made, by: carol).status == 201)
    }

    @Test(arguments: [
        ["createInvite", "redeemInvite", "listInvites", "revokeInvite"],
        ["invite.create", "invite.redeem", "invite.list", "invite.revoke"],
    ])
    func theOlderNamesReachTheSame(_ names: [String]) throws {
        let made = try scene.post(
            Scene.older + names[0], ["spaceUri": .string(forum), "max_uses": 5, "access": "read_self"], by: alice)
        #expect(made.status == 201 && made.json["maxUses"] == 5)
        #expect(try accept(made, by: bob, names[1]).json["access"] == "read_self")
        let list = try scene.get(Scene.older + names[2], [("spaceUri", forum)], by: alice)
        #expect(list.json["invites"]?.array?.map { $0["uses"] } == [1])
        let body: JSON = ["spaceUri": .string(forum), "inviteId": made.json["inviteId"] ?? .null]
        #expect(try scene.post(Scene.older + names[3], body, by: alice).status == 200)
        #expect(try accept(made, by: carol, names[1]).outcome == "400 InviteRevoked")
    }

    @Test func aCrowdSharesTheUses() throws {
        let token = try #require(try invite([("maxUses", 3)]).json["token"]?.string)
        let crowd = try (0..<20).map { try scene.person("p\($0)") }
        let port = scene.accounts.service.port
        let statuses = Locked<[Int]>([])
        Threads.run(crowd.count) { index in
            let answer = try? Wire(port).post(
                "/xrpc/" + SpaceScene.older + "acceptInvite", authorization: "Bearer \(crowd[index].token)",
                body: JSON.object(JSONObject([("token", .string(token))]) ?? JSONObject()).serialized())
            statuses.withLock { $0.append(answer?.status ?? 0) }
        }
        let counts = statuses.withLock { $0.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
        #expect(counts == [201: 3, 400: 17])
        #expect(try scene.members(forum, by: alice).count == 3)
    }
}
