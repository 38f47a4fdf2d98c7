import ATProto
import Multiformats
import UCAN

/// Stores of a space what authors who only write leave out: settings, lists of apps, invites, app passwords, registrations.
final class SpaceExtras {
    /// The owner's session, and a second space of the owner's with a list of apps.
    let owner: Session
    let gallery: String
    let openInvite: String
    /// Name and secret of an app password of the first author.
    let appPassword: String

    struct Session {
        let did: String
        let access: String
        let refresh: String
    }

    private let spaces: SpaceCast

    init(_ url: String, _ spaces: SpaceCast, _ cast: Cast) throws {
        self.spaces = spaces
        let connection = try XRPCConnection(url)
        let owner = try Self.signIn("owner.localhost", SpaceCast.password, connection)
        func post(_ nsid: String, _ json: JSON, as token: String) throws -> JSON {
            let answer = try connection.post(nsid, json, token)
            guard (200...201).contains(answer.status) else { throw DrillFailure("\(nsid): \(answer.summary)") }
            return answer.json
        }
        let made = try post(
            "com.atproto.simplespace.createSpace",
            [
                "type": "com.example.gallery", "skey": "drill",
                "policy": ["$type": "com.atproto.simplespace.defs#publicPolicy"],
                "appAccess": [
                    "$type": "com.atproto.simplespace.defs#allowList",
                    "allowed": ["https://app.example/client-metadata.json"],
                ],
            ], as: owner.access)
        let gallery = made["uri"]?.string ?? ""
        let home: JSON = .string(spaces.home)
        _ = try post(
            "com.atproto.simplespace.addMember",
            ["space": home, "did": .string(cast.holders[0].did.text), "access": "read"], as: owner.access)
        let invite = "dev.happyview.space.createInvite"
        let open = try post(invite, ["space": home, "access": "write", "maxUses": 3], as: owner.access)
        let ended = try post(invite, ["space": home], as: owner.access)
        _ = try post(
            "dev.happyview.space.revokeInvite", ["space": home, "inviteId": ended["inviteId"] ?? .null],
            as: owner.access)
        let first = try Self.signIn(spaces.authors[0].handle, SpaceCast.password, connection)
        let password = try post("com.atproto.server.createAppPassword", ["name": "reader"], as: first.access)
        let blob = try connection.post(
            "com.atproto.repo.uploadBlob", bytes: Array("a blob that no record refers to".utf8), type: "text/plain",
            first.access)
        guard blob.status == 200 else { throw DrillFailure("uploadBlob: \(blob.summary)") }
        self.owner = owner
        self.gallery = gallery
        openInvite = open["token"]?.string ?? ""
        appPassword = password["password"]?.string ?? ""
    }

    /// Registers somebody to be told, admits a member, writes a record and revokes a credential, after the stop.
    func finish(_ url: String, _ receiver: NewsReceiver) throws {
        let connection = try XRPCConnection(url)
        let changes: [(String, JSON)] = [
            (
                "com.atproto.space.registerNotify",
                ["space": .string(spaces.home), "service": .string(receiver.authority + "#atproto_space_host")]
            ),
            (
                "com.atproto.simplespace.addMember",
                ["space": .string(gallery), "did": .string(spaces.authors[1].did), "access": "write"]
            ),
            (
                "com.atproto.space.createRecord",
                [
                    "space": .string(gallery), "repo": .string(owner.did), "collection": "com.example.picture",
                    "rkey": "one", "record": ["$type": "com.example.picture", "text": "on the wall"],
                ]
            ),
        ]
        for (nsid, json) in changes {
            let answer = try connection.post(nsid, json, owner.access)
            guard answer.status == 200 else { throw DrillFailure("\(nsid): \(answer.summary)") }
        }
        let home: JSON = .string(spaces.home)
        let names = "dev.capabilitygraph.space."
        let listed = try connection.get(names + "listCredentials", [("space", spaces.home)], owner.access)
        guard let jti = listed.json["credentials"]?.array?.first?["jti"] else {
            throw DrillFailure("listCredentials: \(listed.summary)")
        }
        let answer = try connection.post(names + "revokeCredential", ["space": home, "jti": jti], owner.access)
        guard answer.status == 200 else { throw DrillFailure("revokeCredential: \(answer.summary)") }
    }

    private static func signIn(_ name: String, _ password: String, _ connection: XRPCConnection) throws -> Session {
        let answer = try connection.post(
            "com.atproto.server.createSession", ["identifier": .string(name), "password": .string(password)], nil)
        guard let did = answer.json["did"]?.string, let access = answer.json["accessJwt"]?.string,
            let refresh = answer.json["refreshJwt"]?.string
        else { throw DrillFailure("createSession: \(answer.summary)") }
        return Session(did: did, access: access, refresh: refresh)
    }
}
