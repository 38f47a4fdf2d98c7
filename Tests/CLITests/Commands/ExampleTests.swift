import Multiformats
import Testing
import UCAN

@testable import capq

/// Runs every example of every help page in a shell, against a real service, as a newcomer would.
@Suite struct ExampleTests {
    private let scratch = Scratch()
    private let owner: EthereumKey

    init() throws {
        owner = try EthereumKey(scalar: Array(repeating: 0, count: 31) + [1])
    }

    @Test(arguments: HelpTests.paths.map(\.name))
    func examplesRunAsTheyStand(_ name: String) throws {
        let examples = try #require(HelpTests.paths.first { $0.name == name }?.command?.examples)
        try writeFiles()
        var names = [
            "mkdir -p bin && ln -sf '\(BuiltProducts.capq)' bin/capq",
            "export PATH=\"$PWD/bin:$PATH\" CAPQ_HOME=\"$PWD/home\" TOKEN='\(try rootToken().authorization())'",
            "export HEX=\(String(repeating: "0", count: 63))1 ADDRESS=\(owner.address)",
        ]
        let stages = Set(examples.map(\.stage))
        let service =
            stages == [.alone]
            ? nil : LiveService(data: scratch.folder + "/data", options: ["--registration", "open"])
        // Each stage has a home of its own, so that none changes what another finds.
        var stageNames: [Example.Stage: [String]] = [:]
        if let service, stages.contains(.service) {
            run("prelude", names + prelude(service), expecting: 0)
            stageNames[.service] = [". ./names.sh"]
        }
        if let service, stages.contains(.accounts) {
            let home = "export CAPQ_HOME=\"$PWD/home-of-accounts\""
            run("accounts", names + [home] + accounts(service), expecting: 0)
            stageNames[.accounts] = [home, ". ./accounts.sh"]
        }
        for (number, example) in examples.enumerated() {
            let own = stageNames[example.stage] ?? []
            if let setUp = example.setUp { run("setup\(number)", names + own + [setUp], expecting: 0) }
            if example.line.contains("$SIGNATURE") {
                let message = try #require(Scratch.text(scratch.folder + "/message.txt"))
                names.append("export SIGNATURE=\(Base16.encode(try owner.signEIP191(Array(message.utf8))))")
            }
            run("example\(number)", names + own + [example.line], expecting: example.exit.rawValue)
        }
    }

    /// Runs lines in the scratch folder and shows what they said when they end otherwise.
    private func run(_ name: String, _ lines: [String], expecting code: Int32) {
        let script = scratch.write(
            (["set -eu", "cd '\(scratch.folder)'"] + lines).joined(separator: "\n") + "\n", name)
        let log = "\(scratch.folder)/\(name).log"
        let ended = Scratch.shell("sh '\(script)' >'\(log)' 2>&1")
        #expect(ended == code, "`\(lines.last ?? "")` said: \(Scratch.text(log) ?? "")")
    }

    /// Logs in, hosts the space and makes two delegations, and keeps their names for the examples.
    private func prelude(_ service: LiveService) -> [String] {
        [
            "field() { sed -n 's/^  \"'\"$1\"'\": \"\\(.*\\)\",*$/\\1/p'; }",
            "capq context set local --url \(service.url)",
            "printf %s \"$HEX\" | capq key import owner - --curve wallet",
            "capq key new phone --curve p256",
            "BOB=$(capq key new bob | field did)",
            "SPACE=$(capq login --wallet-key owner | field space)",
            "capq host --wallet-key owner",
            "CID=$(capq delegate \"$BOB\" -a tinycloud.kv/get -p kv/notes/ --for 1h | field cid)",
            "OTHER_CID=$(capq delegate \"$BOB\" -a tinycloud.kv/put -p kv/other/ --for 1h | field cid)",
            "echo \"export BOB=$BOB SPACE=$SPACE CID=$CID OTHER_CID=$OTHER_CID\" >names.sh",
        ]
    }

    /// Makes two accounts, a space of one with the other in it, a record, a picture and an invite.
    private func accounts(_ service: LiveService) -> [String] {
        [
            "field() { sed -n 's/^  \"'\"$1\"'\": \"\\(.*\\)\",*$/\\1/p'; }",
            "capq context set local --url \(service.url)",
            "BOB=$(capq account create bob --password-file ./password.txt | field did)",
            "capq account create alice --password-file ./password.txt",
            "capq space create com.example.forum --skey home --use",
            "capq member add bob",
            "capq record put com.example.forum.post/first '{\"text\":\"first\"}'",
            "capq blob put ./picture.png --type image/png >blob.json",
            "BLOB=$(field cid <blob.json)",
            "REF=$(tr -d '\\n' <blob.json | sed 's/.*\"blob\": *\\({.*}\\) *}/\\1/')",
            "capq record put com.example.forum.post/picture \"{\\\"image\\\":$REF}\"",
            "INVITE=$(capq invite create | field inviteId)",
            "EDGE=$(capq ls --kind membership -o jsonl | sed -n 's/.*\"cid\":\"\\([^\"]*\\)\".*/\\1/p' | head -1)",
            "echo \"export BOB=$BOB BLOB=$BLOB INVITE=$INVITE EDGE=$EDGE\" >accounts.sh",
        ]
    }

    /// Writes the files examples name: a JWK, one token, a chain.
    private func writeFiles() throws {
        let session = try PrivateKey(curve: .ed25519, seed: Array(1...32))
        let root = try rootToken()
        let leaf = try TokenMaker.ucan(
            issuer: session,
            audience: session.did,
            capabilities: [
                TokenCapability(resource: "\(SpaceText.ofAccount(owner.did()))/kv/notes/a", ability: "tinycloud.kv/get")
            ],
            proofs: [root.cid],
            expires: Timestamp(seconds: 4_102_444_800)
        )
        _ = scratch.write("correct-horse\n", "password.txt")
        _ = scratch.write("a picture, in a way", "picture.png")
        _ = scratch.write("{\"text\":\"be kind\"}", "post.json")
        _ = scratch.write(JSONPrinter.line(session.jwk), "laptop.jwk")
        _ = scratch.write(leaf.authorization(), "delegation.jwt")
        _ = scratch.write("\(leaf.authorization())\n\(root.authorization())\n", "chain.txt")
    }

    private func rootToken() throws -> UnverifiedToken {
        try TokenMaker.cacao(
            wallet: owner,
            audience: PrivateKey(curve: .ed25519, seed: Array(1...32)).did.text,
            capabilities: [
                TokenCapability(resource: "\(SpaceText.ofAccount(owner.did()))/kv/notes", ability: "tinycloud.kv/get")
            ],
            domain: "node.example",
            issuedAt: "2026-07-10T11:00:00Z",
            nonce: "0123456789abcdef"
        )
    }
}
