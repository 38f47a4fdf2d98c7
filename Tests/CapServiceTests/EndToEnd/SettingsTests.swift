import CapTesting
import Glibc
import Multiformats
import Testing
import UCAN

@testable import CapService

/// What the command line and the configuration file take, and what they refuse.
@Suite struct SettingsTests {
    private func refusal(_ arguments: [String], in folder: TemporaryFolder = TemporaryFolder()) throws -> String {
        let run = try Program.run("capservice", arguments, in: folder)
        #expect(run.status == 2 && run.output.isEmpty, "\(arguments): \(run.status) \(run.output)")
        #expect(run.errors.hasPrefix("capservice: "), "\(arguments): \(run.errors)")
        return run.errors
    }

    @Test func whatCannotBeUnderstoodEndsWithTwoAndAHint() throws {
        let hint = "hint: run `capservice --help`\n"
        #expect(try refusal(["server"]) == "capservice: unknown command `server`\n" + hint)
        #expect(try refusal(["serve", "--port", "80"]) == "capservice: there is no setting `port`\n" + hint)
        #expect(try refusal(["serve", "now"]) == "capservice: unexpected argument `now`\n" + hint)
        #expect(try refusal(["serve", "--data"]) == "capservice: `--data` needs a value\n" + hint)
        for (arguments, text) in [
            (["--hosting", "free"], "`hosting` takes `explicit` or `open`, not `free`"),
            (["--threads", "0"], "`threads` takes a whole number from 1 to 64, not `0`"),
            (["--threads", "two"], "`threads` takes a whole number from 1 to 64, not `two`"),
            (["--cors", "maybe"], "`cors` takes `on` or `off`, not `maybe`"),
            (["--listen", "127.0.0.1"], "`listen` takes ADDRESS:PORT, not `127.0.0.1`"),
            (["--listen", "example.org:80"], "`example.org` is not an IPv4 or IPv6 address"),
            (["--service-principals", "somebody"], "`somebody` in `service-principals` is not a DID"),
            (["--log-level=loud"], "`log-level` takes debug, info, warning, error or none, not `loud`"),
            (["--service-principals", "did:key:zzz"], "`did:key:zzz` in `service-principals` is not a DID"),
            (
                ["--public-url", "https://h:65979"],
                "`public-url` takes an http or https address, not `https://h:65979`"
            ),
            (["--plc-url", "http://h:99999"], "`plc-url` takes an http or https address, not `http://h:99999`"),
            (["--reserved-names", "Club"], "`Club` in `reserved-names` is not a name in lower case"),
            (["--config", "/nonexistent"], "cannot read the configuration file `/nonexistent`"),
        ] {
            #expect(try refusal(["serve"] + arguments).hasPrefix("capservice: \(text)\n"), "\(arguments)")
        }
    }

    /// How a public address may be written, and the one form in which it is kept (RFC 3986 6.2.2, 6.2.3).
    @Test(arguments: [
        ("https://pds.example.com:443", "https://pds.example.com"),
        ("https://PDS.Example.com/", "https://pds.example.com"),
        ("http://h:80/", "http://h"), ("https://h:8443", "https://h:8443"), ("https://h/base/", "https://h/base"),
        ("http://[::1]:8137", "http://[::1]:8137"),
    ])
    func aPublicAddressHasOneForm(typed: String, kept: String) throws {
        #expect(try SettingsParser.parse(["--public-url", typed]).publicURL == kept)
    }

    @Test(arguments: [0o755, 0o750, 0o701, 0o704, 0o777] as [mode_t])
    func aDataFolderThatOthersMayReadIsRefused(mode: mode_t) throws {
        let folder = TemporaryFolder()
        chmod(folder.path, mode)
        let run = try Program.run(
            "capservice", ["serve", "--listen", "127.0.0.1:0", "--data", folder.path], in: folder)
        #expect(run.status != 0 && run.errors.contains("can be read by others"), "\(run.errors)")
        #expect(run.errors.contains("hint: run `chmod 700"))
        chmod(folder.path, 0o700)
    }

    @Test func aClockFileIsForLoopbackOnly() throws {
        let text = try refusal(["serve", "--listen", "0.0.0.0:0", "--clock-file", "/tmp/clock"])
        #expect(text.contains("`clock-file` is refused unless the service listens on loopback"))
        #expect(text.contains("\nhint: listen on 127.0.0.1 or ::1, or leave `clock-file` out\n"))
        #expect(try refusal(["serve", "--listen", "[::]:0", "--clock-file", "/tmp/clock"]) == text)
    }

    @Test func whatIsOpenOnLoopbackIsRefusedBeyondIt() throws {
        let beyond = ["serve", "--listen", "0.0.0.0:0"]
        #expect(try refusal(beyond + ["--allow-loopback-peers"]).contains("unless the service listens on loopback"))
        #expect(try refusal(beyond + ["--registration", "open"]).contains("refused beyond loopback"))
        #expect(try refusal(beyond + ["--registration", "open", "--yes-really"]).contains("needs `public-url`"))
        #expect(try refusal(["serve", "--registration", "ajar"]).contains("takes `open` or `closed`"))
        #expect(try refusal(["serve", "--feature", "spaces=off"]).contains("takes `spaces_enabled=on`"))
        #expect(try refusal(["serve", "--public-url", "example.org"]).contains("takes an http or https address"))
        #expect(try refusal(["serve", "--user-domains", "Example.org"]).contains("is not a domain"))
    }

    @Test func aSwitchNeedsNoValue() throws {
        for words in [
            ["--yes-really"], ["--yes-really=on"], ["--yes-really", "on"], ["--cors", "off", "--yes-really"],
        ] {
            #expect(try SettingsParser.parse(words).isConfirmed, "\(words)")
        }
        let settings = try SettingsParser.parse([
            "--allow-loopback-peers", "--registration", "open", "--feature", "spaces_enabled=off", "--public-url",
            "https://example.org/", "--user-domains", ".a.example,b.example",
        ])
        #expect(settings.allowsLoopbackPeers && settings.registration == .open)
        #expect(settings.disabledFeatures == [.spaces] && settings.publicURL == "https://example.org")
        #expect(settings.userDomains == ["a.example", "b.example"])
        #expect(try !SettingsParser.parse(["--yes-really", "off"]).isConfirmed)
    }

    @Test func helpAndVersionAreAnswers() throws {
        for arguments in [["--help"], ["serve", "--help"]] {
            let help = try Program.run("capservice", arguments)
            #expect(help.status == 0 && help.output.contains("usage: capservice serve") && help.errors.isEmpty)
            for name in ["listen", "data", "hosting", "clock-file", "max-list-rows", "service-principals"] {
                #expect(help.output.contains("  --\(name) "), "\(name)")
            }
        }
        let version = try Program.run("capservice", ["--version"])
        #expect(version.status == 0 && version.output.hasPrefix("capservice "))
    }

    @Test func aConfigurationFileHoldsTheSameSettings() throws {
        let folder = TemporaryFolder()
        folder.write(
            "{\"hosting\": \"open\", \"max-page-rows\": 7, \"cors\": false, \"service-principals\": [\"did:key:z6MkqGC3nWZhYieEVTVDKW5v588CiGfsDSmRVG9ZwwWTvLSK\"]}",
            to: "settings.json")
        let scene = try Scene(options: ["--config", folder.path + "/settings.json", "--cors", "on"])
        #expect(try scene.wire.get("/version").header("access-control-allow-origin") == "*", "the command line wins")
        let root = try scene.admit(scene.cacao(scene.owner, to: scene.session.did.text, scene.space.session))
        let page = try scene.read(scene.session, proofs: [root], ["type": "list", "limit": 8])
        #expect(page.status == 400 && page.text.contains("from 1 to 7"))
        for (text, message) in [
            ("{\"max-pages\": 1}", "there is no setting `max-pages`"), ("{\"cors\": \"on\",}", "is not strict JSON"),
            ("{\"cors\": \"on\", \"cors\": \"off\"}", "is not strict JSON"), ("[]", "is not a JSON object"),
            ("{\"cors\": null}", "is neither text, a number nor a switch"),
            ("{\"threads\": 1.5}", "takes a whole number"),
        ] {
            folder.write(text, to: "settings.json")
            let refused = try refusal(["serve", "--config", folder.path + "/settings.json"])
            #expect(refused.contains(message), "\(text): \(refused)")
        }
    }

    @Test func withoutAClockNothingIsDecided() throws {
        let scene = try Scene()
        let root = try scene.signIn()
        let token = try scene.invocation(scene.session, scene.space.readAll, proofs: [root])
        for text in ["", "noon", "nan", "1e300"] {
            scene.service.folder.write(text, to: "clock")
            for path in ["/delegate", "/invoke", "/revoke", "/authorize"] {
                let refused = try scene.wire.post(path, token, json: path == "/authorize" ? [:] : nil)
                #expect(refused.status == 503 && refused.reason == "clockUnavailable", "`\(text)` at \(path)")
            }
        }
        #expect(try scene.wire.get("/version").status == 200)
        scene.advance(0)
        #expect(try scene.wire.post("/invoke", token).status == 200)
    }

    @Test func theLogHoldsNoTokensAndNoKeys() throws {
        let scene = try Scene(options: ["--log-level", "debug"])
        let root = try scene.signIn()
        let read = try scene.invocation(scene.session, scene.space.readAll, proofs: [root])
        #expect(try scene.wire.post("/invoke", read).status == 200)
        #expect(try scene.wire.post("/invoke", read).status == 409)
        let refused = try scene.invocation(Cast.key(0x99), scene.space.readAll, proofs: [root])
        #expect(try scene.wire.post("/invoke", refused).status == 401)
        #expect(try scene.wire.post("/delegate", authorization: "Bearer of-a-secret").status == 401)
        #expect(scene.service.stop() == 0)
        let lines = scene.service.log.split(separator: "\n")
        #expect(lines.count >= 4 && lines.allSatisfy { (try? JSON.parse(Array($0.utf8))) != nil })
        for secret in [root, read, refused].map({ $0.authorization() }) + ["of-a-secret"] {
            #expect(!scene.service.log.contains(secret.prefix(200).suffix(100)))
        }
    }
}
