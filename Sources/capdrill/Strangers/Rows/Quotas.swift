import Multiformats
import UCAN

extension Attack {
    /// An owner makes accounts of keys of its own, lists them in its space and writes as each of them.
    static let quotas = Attack(name: "quotas") { arena in
        let allowed = 10
        // A record costs three points.
        let scene = try arena.start(["--registration", "open", "--hourly-write-points", "\(3 * allowed)"])
        var authors = [try Accounts.register("owner", scene)]
        for number in 0..<5 {
            let key = try PrivateKey.generate(.p256)
            let made = try scene.connection(Arena.bystander).post(
                "com.atproto.server.createAccount",
                [
                    "handle": .string("key\(number).localhost"), "password": .string(SpaceCast.password),
                    "did": .string(key.did.text), "signingKey": key.jwk,
                ], nil)
            guard let did = made.json["did"]?.string, let token = made.json["accessJwt"]?.string else {
                throw DrillFailure("createAccount: \(made.summary)")
            }
            authors.append((did, token))
        }
        let space = try Spaces.make(scene, authors[0].token, members: authors.dropFirst().map(\.did))
        let connection = try scene.connection()
        var written = (one: 0, all: 0)
        for author in authors {
            for number in 0..<(allowed + 5) {
                let answer = try Spaces.write(connection, space, author, "k\(number)")
                guard answer.status == 200 else { continue }
                written.all += 1
                if author.did == authors[0].did { written.one += 1 }
            }
        }
        return [
            .most(
                "records that one account writes in an hour of \(allowed)", Double(written.one), Double(allowed), .count
            ),
            .most(
                "records of six accounts of one owner in one space", Double(written.all), Double(2 * allowed), .count),
        ]
    }
}
