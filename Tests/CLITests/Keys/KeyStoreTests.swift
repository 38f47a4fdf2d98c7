import Testing

@testable import capq

@Suite struct KeyStoreTests {
    private let scratch = Scratch()
    private var store: KeyStore { KeyStore(home: scratch.home) }

    private func key(_ kind: KeyKind = .ed25519) throws -> KeyFile {
        KeyFile(kind: kind, secret: try #require(Secret(Array(1...32))))
    }

    @Test(arguments: KeyKind.allCases)
    func keysComeBackAsTheyWereKept(_ kind: KeyKind) throws {
        let path = try store.save(key(kind), as: "alice")
        #expect(Scratch.mode(path) == 0o600)
        #expect(Scratch.mode(store.folder) == 0o700)
        #expect(try store.load("alice") == key(kind))
        #expect(try store.load(path) == key(kind))
        #expect(Scratch.shell("[ \"$(ls '\(store.folder)')\" = alice.json ]") == 0, "no draft is left behind")
    }

    @Test(arguments: ["0640", "0604", "0644", "0660", "0610"])
    func keysOthersMayReadAreRefused(_ mode: String) throws {
        let path = try store.save(key(), as: "alice")
        _ = Scratch.shell("chmod \(mode) '\(path)'")
        let failure = #expect(throws: CommandError.self) { try store.load("alice") }
        #expect(failure?.message == "`\(path)` can be read by others (mode \(mode))")
        #expect(failure?.hint?.hasPrefix("chmod 600 '\(path)'") ?? false)
    }

    @Test func namesAlreadyTakenAreKept() throws {
        let path = try store.save(key(), as: "alice")
        let failure = #expect(throws: CommandError.self) { try store.save(key(.p256), as: "alice") }
        #expect(failure?.message == "`\(path)` is there already")
        #expect(try store.load("alice") == key())
    }

    @Test func unknownKeysAreNotFound() {
        let failure = #expect(throws: CommandError.self) { try store.load("nobody") }
        #expect(failure?.exit == .notFound)
    }

    @Test(arguments: ["..", ".hidden", "-x", "a b", "", "a\u{0}b", "ключ"])
    func namesThatCouldLeaveTheFolderAreRefused(_ name: String) {
        #expect(throws: CommandError.self) { try store.load(name) }
    }

    @Test(arguments: [
        "", "{}", "[]", #"{"schema":"capq/key/2","curve":"ed25519","secret":"AA"}"#,
        #"{"schema":"capq/key/1","curve":"ed448","secret":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"}"#,
        #"{"schema":"capq/key/1","curve":"ed25519","secret":"AQID"}"#,
        #"{"schema":"capq/key/1","curve":"ed25519","secret":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA="}"#,
        #"{"schema":"capq/key/1","curve":"p256","wallet":true,"secret":"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA"}"#,
    ])
    func brokenKeyFilesAreRefusedByName(_ text: String) {
        let path = scratch.write(text, "broken.json")
        let failure = #expect(throws: CommandError.self) { try store.load(path) }
        #expect(failure?.message.hasPrefix("`\(path)` is not a key file: ") ?? false)
    }

    @Test func secretsDoNotPrintThemselves() throws {
        let key = try key()
        var dumped = ""
        dump(key, to: &dumped)
        for text in ["\(key)", String(reflecting: key), dumped] {
            #expect(text.contains("redacted"))
            #expect(!text.contains("31"), "\(text)")
        }
    }
}
