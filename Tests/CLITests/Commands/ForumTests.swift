import Multiformats
import Testing

@testable import capq

/// Takes a private space through its life against a real service.
@Suite struct ForumTests {
    private let forum: Forum
    private static let post = "com.example.forum.post"

    init() throws { forum = try Forum() }

    @Test func membersReadAndWriteUntilTheyAreRemoved() throws {
        try forum.json("record", "put", "\(Self.post)/first", "{\"text\":\"first\"}")
        #expect(
            forum.failure("record", "get", "\(Self.post)/first", "-a", "alice", "--as", "bob")?.exit == .notFound)
        try forum.json("member", "add", "bob")
        let read = try forum.json("record", "get", "\(Self.post)/first", "-a", "alice", "--as", "bob")
        #expect(read["value"]?["text"] == "first")
        try forum.json("record", "put", Self.post, "{\"text\":\"second\"}", "--as", "bob")
        #expect(try forum.json("record", "ls", "--everyone")["records"]?.array?.count == 2)
        try forum.json("member", "rm", "bob")
        #expect(
            forum.failure("record", "get", "\(Self.post)/first", "-a", "alice", "--as", "bob")?.exit == .notFound)
        #expect(forum.failure("record", "put", Self.post, "{\"text\":\"third\"}", "--as", "bob") != nil)
    }

    @Test func valuesComeFromFilesStandardInputAndTheCommandLine() throws {
        let file = forum.scratch.write("{\"text\":\"of a file\"}", "post.json")
        try forum.json("record", "put", "\(Self.post)/file", file)
        forum.scratch.process.standardInput = { _ in Array("{\"text\":\"of a pipe\"}".utf8) }
        try forum.json("record", "put", "\(Self.post)/pipe", "-")
        #expect(try forum.json("record", "get", "\(Self.post)/file")["value"]?["text"] == "of a file")
        #expect(try forum.json("record", "get", "\(forum.space)/\(forum.did("alice"))/\(Self.post)/pipe")["cid"] != nil)
        #expect(forum.failure("record", "put", "\(Self.post)/x", "{\"text\":1.5}")?.exit == .usage)
        #expect(forum.failure("record", "put", "\(Self.post)/x", "{\"$type\":\"com.example.other.x\"}")?.exit == .usage)
        #expect(forum.failure("record", "put", "nonsense", "{}")?.exit == .usage)
    }

    @Test func swapsLetOneOfTwoWritersThrough() throws {
        let first = try forum.json("record", "put", "\(Self.post)/one", "{\"text\":\"1\"}", "--swap", "none")
        let cid = try #require(first["cid"]?.string)
        #expect(forum.failure("record", "put", "\(Self.post)/one", "{\"text\":\"2\"}", "--swap", "none") != nil)
        try forum.json("record", "put", "\(Self.post)/one", "{\"text\":\"2\"}", "--swap", cid)
        let late = forum.failure("record", "rm", "\(Self.post)/one", "--swap", cid)
        #expect(late?.message.contains("InvalidSwap") ?? false)
        try forum.json("record", "rm", "\(Self.post)/one")
        #expect(forum.failure("record", "get", "\(Self.post)/one")?.exit == .notFound)
    }

    @Test func invitesLetSoManyInAndNoMore() throws {
        let made = try forum.json("invite", "create", "--uses", "1", "--for", "1h", "--access", "read")
        let file = forum.scratch.write(JSONPrinter.line(made), "invite.json")
        let joined = try forum.json("invite", "accept", file, "--as", "bob")
        #expect(joined["uri"]?.string == forum.space && joined["access"] == "read")
        #expect(forum.failure("invite", "accept", file, "--as", "carol")?.message.contains("InviteExhausted") ?? false)
        let rows = try forum.json("invite", "ls")["invites"]?.array
        #expect(rows?.count == 1 && rows?.first?["token"] == nil)
        let other = try forum.json("invite", "create")
        let id = try #require(other["inviteId"]?.string)
        try forum.json("invite", "revoke", id)
        let token = forum.scratch.write("\(other["token"]?.string ?? "")\n", "token")
        #expect(forum.failure("invite", "accept", token, "--as", "carol")?.message.contains("InviteRevoked") ?? false)
        #expect(try forum.json("member", "ls")["members"]?.array?.map { $0["did"]?.string } == [forum.did("bob")])
    }

    @Test func theGraphSaysWhyAMemberMayWriteAndEndsIt() throws {
        try forum.json("member", "add", "bob")
        let rows = try forum.json("ls", "--of", "bob", "--kind", "membership")["delegations"]?.array
        let edge = try #require(rows?.first?["cid"]?.string)
        let capabilities = rows?.first?["capabilities"]?.array ?? []
        #expect(capabilities.contains { $0["ability"] == "atproto.space/write" })
        #expect(capabilities.allSatisfy { $0["resource"]?.string == forum.space })
        let why = try forum.json("check", "bob", "write", "space", "--explain")
        #expect(why["decision"] == "allow" && why["explain"] != nil && why["toStop"]?["edges"] == [.string(edge)])
        let plain = try forum.json("check", "bob", "write", "space")
        for name in ["explain", "at", "toStop", "hidden"] { #expect(plain[name] == nil, "\(name)") }
        #expect(why["chain"]?.array?.first?["cid"]?.string == edge)
        #expect(try forum.json("check", "carol", "write", "space", expecting: .deny)["decision"] == "deny")
        #expect(try forum.json("chain", edge)["links"]?.array?.first?["status"] == "active")
        #expect(try forum.json("status", edge)["status"] == "active")
        #expect(forum.failure("revoke", edge, "--as", "carol") != nil)
        try forum.json("revoke", edge)
        #expect(try forum.json("status", edge, expecting: .deny)["status"] == "revoked")
        #expect(try forum.json("check", "bob", "write", "space", expecting: .deny)["decision"] == "deny")
        #expect(try forum.json("member", "ls")["members"]?.array?.isEmpty ?? false)
    }

    @Test func policiesAndSettingsChange() throws {
        let shown = try forum.json(
            "space", "config", "--name", "Home", "--description", "ours", "--read-policy", "public")
        #expect(shown["space"]?["displayName"] == "Home" && shown["space"]?["mintPolicy"] == "public")
        #expect(try forum.json("space", "config", "--name", "-")["space"]?["displayName"] == .null)
        #expect(forum.failure("space", "config", "--read-policy", "anybody")?.exit == .usage)
        try forum.json("space", "create", "com.example.forum", "--skey", "other")
        #expect(try forum.json("space", "ls")["spaces"]?.array?.count == 2)
        #expect(try forum.json("space", "rm", "com.example.forum/other")["deleted"] == true)
        #expect(try forum.json("space", "ls")["spaces"]?.array?.count == 1)
    }

    @Test func credentialsAreFilesOfTheirOwnerAndDieWithTheMembership() throws {
        try forum.json("member", "add", "bob")
        try forum.json("record", "put", "\(Self.post)/first", "{\"text\":\"first\"}")
        let path = forum.scratch.folder + "/reader.json"
        let info = try forum.json("credential", "get", "--as", "bob", "--to", path)
        #expect(Scratch.mode(path) == 0o600)
        let file = try CredentialFile.load(path)
        #expect(!JSONPrinter.line(info).contains(file.credential))
        let copy = forum.scratch.folder + "/copy"
        #expect(try forum.json("sync", copy, "--credential", path)["repos"]?.array?.first?["records"] == 1)
        let kinds = try forum.json("ls", "--of", "bob")["delegations"]?.array?.compactMap { $0["kind"]?.string }
        #expect(Set(kinds ?? []).isSuperset(of: ["membership", "spaceCredential"]))
        try forum.json("member", "rm", "bob")
        #expect(forum.failure("sync", copy, "--credential", path)?.exit == .notAuthorized)
        #expect(forum.failure("credential", "get", "--as", "bob")?.exit == .notFound)
        #expect(forum.failure("credential", "get", "--as", "carol")?.exit == .notFound)
    }

    @Test func copiesFollowTheSpaceAndHoldItsBlobs() throws {
        try forum.json("member", "add", "bob")
        let picture = forum.scratch.write("a picture, in a way", "picture.png")
        let blob = try forum.json("blob", "put", picture, "--type", "image/png", "--as", "bob")
        let reference = JSONPrinter.line(try #require(blob["blob"]))
        try forum.json("record", "put", "\(Self.post)/p", "{\"image\":\(reference)}", "--as", "bob")
        for number in 0..<5 { try forum.json("record", "put", "\(Self.post)/r\(number)", "{\"text\":\"\(number)\"}") }
        let copy = forum.scratch.folder + "/copy"
        let first = try forum.json("sync", copy, "--blobs")
        #expect(first["repos"]?.array?.map { $0["way"]?.string } == ["whole", "whole"])
        let folder = SyncFolder(path: copy)
        let cid = try #require(blob["cid"]?.string)
        #expect(Scratch.text("\(folder.author(try forum.did("bob")))/blobs/\(cid)") == "a picture, in a way")
        let fetched = forum.scratch.folder + "/fetched.png"
        try forum.json("blob", "get", cid, "--author", "bob", "--to", fetched)
        #expect(Scratch.text(fetched) == "a picture, in a way")
        try forum.json("record", "rm", "\(Self.post)/r0")
        try forum.json("record", "put", "\(Self.post)/r1", "{\"text\":\"changed\"}")
        let second = try forum.json("sync", copy, "--blobs")
        let ways = Set(second["repos"]?.array?.compactMap { $0["way"]?.string } ?? [])
        #expect(ways == ["incremental", "unchanged"])
        let alice = try forum.did("alice")
        #expect(Scratch.text(folder.record("\(Self.post)/r1", of: alice) ?? "")?.contains("changed") ?? false)
        #expect(!SystemFile.exists(folder.record("\(Self.post)/r0", of: alice) ?? ""))
    }

    @Test func sessionsAreKeptPrivateAndEnd() throws {
        let file = forum.scratch.home + "/contexts/local/accounts/bob.localhost.json"
        #expect(Scratch.mode(file) == 0o600)
        let listed = try forum.json("account", "ls")
        #expect(listed["accounts"]?.array?.count == 3 && !JSONPrinter.line(listed).contains("eyJ"))
        try forum.json("account", "logout", "bob")
        #expect(!SystemFile.exists(file))
        #expect(forum.failure("space", "ls", "--as", "bob")?.exit == .notAuthorized)
        let password = forum.scratch.write("wrong\n", "wrong.txt")
        #expect(forum.failure("account", "login", "bob", "--password-file", password)?.exit == .notAuthorized)
        try forum.json("account", "login", "bob", "--password-file", forum.scratch.folder + "/password.txt")
        #expect(try forum.json("space", "ls")["spaces"]?.array?.isEmpty ?? false)
    }
}
