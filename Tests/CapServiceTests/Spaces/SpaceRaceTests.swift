import CapTesting
import Glibc
import Multiformats
import Testing

/// What must hold when many do it at once (atproto-spaces.md 7.2, 16, 24 points 14, 18 and 28).
@Suite struct SpaceRaceTests {
    @Test func anInviteForThreeBringsThree() throws {
        let host = try SpaceStage()
        let owner = try host.person("owner")
        let space = try owner.createSpace(skey: "main")
        let people = try (0..<50).map { try host.person("guest\($0)") }
        let invite = try owner.post("dev.happyview.space.createInvite", ["space": .string(space), "maxUses": 3])
        let token = try #require(invite.json["token"]?.string, "\(invite.text)")
        let answers = Locked<[Int: Int]>([:])
        Threads.run(people.count) { index in
            let answer = try? people[index].post("dev.happyview.space.acceptInvite", ["token": .string(token)])
            answers.withLock { $0[answer?.status ?? 0, default: 0] += 1 }
        }
        #expect(answers.withLock { $0 } == [201: 3, 400: 47])
        let members = try owner.get("com.atproto.simplespace.listMembers", [("space", space)])
        #expect(members.json["members"]?.array?.count == 3)
        let listed = try owner.get("dev.happyview.space.listInvites", [("space", space)])
        #expect(listed.json["invites"]?.array?.first?["uses"] == 3)
    }

    @Test func ofManyThatSwapOneRevisionOneWins()
        throws
    {
        let host = try SpaceStage()
        let (owner, member) = (try host.person("owner"), try host.person("member"))
        let space = try owner.createSpace(skey: "main")
        try owner.add(member, to: space)
        try owner.write("first", to: space)
        for _ in 0..<5 {
            let told = try owner.get("com.atproto.space.getSpace", [("space", space)])
            let revision = try #require(told.json["space"]?["revision"]?.string, "\(told.text)")
            let answers = Locked<[String: Int]>([:])
            Threads.run(24) { index in
                let person = index % 2 == 0 ? owner : member
                let answer = try? person.post(
                    "com.atproto.space.applyWrites",
                    [
                        "space": .string(space), "repo": .string(person.did), "swapCommit": .string(revision),
                        "writes": [
                            [
                                "$type": "com.atproto.space.applyWrites#create",
                                "collection": .string(SpaceStage.post), "value": ["text": .string("\(index)")],
                            ]
                        ],
                    ])
                answers.withLock { $0[answer.map { $0.refusal ?? "won" } ?? "lost", default: 0] += 1 }
            }
            #expect(answers.withLock { $0 } == ["won": 1, "InvalidSwap": 23])
        }
    }

    @Test func afterTheAnswerNoCredentialOfTheMemberReads() throws {
        let host = try SpaceStage()
        let (owner, member, other) = (try host.person("owner"), try host.person("member"), try host.person("other"))
        let space = try owner.createSpace(skey: "main")
        try owner.add(member, to: space)
        try owner.add(other, to: space)
        try owner.write("secret", to: space, rkey: "first")
        let readers = try (0..<8).map { _ in try member.reader(of: space, authority: owner) }
        let stays = try other.reader(of: space, authority: owner)
        // Monotonic nanoseconds after which the removal was acknowledged.
        let acknowledged = Locked<UInt64>(.max)
        let (allowed, refused) = (Locked(0), Locked<[String: Int]>([:]))
        let late = Locked<[String]>([])
        Threads.run(readers.count + 1) { index in
            guard index < readers.count else {
                usleep(300_000)
                let answer = try? owner.post(
                    "com.atproto.simplespace.removeMember", ["space": .string(space), "did": .string(member.did)])
                acknowledged.withLock { $0 = answer?.status == 200 ? Self.clock() : 0 }
                return
            }
            let wire = Wire(host.port)
            var after = 0
            while after < 20 {
                let start = Self.clock()
                let isLate = start >= acknowledged.withLock { $0 }
                if isLate { after += 1 }
                let answer = try? readers[index].get(
                    "com.atproto.space.getRecord",
                    [("repo", owner.did), ("collection", SpaceStage.post), ("rkey", "first")], on: wire)
                switch answer?.refusal {
                case nil where answer == nil: late.withLock { $0.append("no answer") }
                case nil:
                    allowed.withLock { $0 += 1 }
                    if isLate { late.withLock { $0.append("read after the answer") } }
                case let name?: refused.withLock { $0[name, default: 0] += 1 }
                }
            }
        }
        #expect(acknowledged.withLock { $0 } != 0 && late.withLock { $0 } == [])
        #expect(allowed.withLock { $0 } > 0 && Array(refused.withLock { $0 }.keys) == ["CredentialRevoked"])
        #expect(try stays.get("com.atproto.space.listRepos").status == 200)
    }

    static func clock() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
