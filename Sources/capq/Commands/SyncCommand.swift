import ATProto
import CapClient
import Multiformats
import UCAN

/// `capq sync`: copies a space into a folder and keeps the copy up to date.
enum SyncCommand {
    static let folder = Positional("DIR", "folder of the copy, made when it is not there", kind: .file)
    static let credential = Option(
        "credential", "FILE", "read with what `capq credential get` wrote, in place of the session", kind: .file)
    static let author = Option(
        "author", short: "a", "WHO", "only what this handle or DID wrote", kind: .account, repeats: true)
    static let blobs = Flag("blobs", "fetch the files records refer to as well")
    static let watch = Flag("watch", "go on, and follow each write as it happens")

    static let command = Command(
        "sync",
        summary: "copy a space into a folder, verifying everything",
        discussion: """
            Each record becomes DIR/AUTHOR/COLLECTION/RKEY.json. Commits, signatures, set hashes and the CID of every
            record are checked before anything is put in place: when a host does not tell the truth the folder stays as it
            was, and the exit code is 3. A run that was ended at any moment goes on where it stopped. The next run fetches
            only what was written since.
            """,
        flags: [blobs, watch],
        options: [author, credential, AccountOptions.space, AccountOptions.acting],
        positionals: [folder],
        examples: [
            Example("capq sync ./copy", "the default space, as far as you may read it", stage: .accounts),
            Example("capq sync ./bobs-copy --as bob --blobs", "as bob, with pictures", stage: .accounts),
            Example(
                "capq sync ./credited --credential ./reader.json", "with a credential and no session",
                stage: .accounts, setUp: "capq credential get --to ./reader.json"),
        ],
        exits: [.deny, .notFound, .notAuthorized, .unreachable],
        action: run
    )

    private static func run(_ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) -> Answer {
        let folder = SyncFolder(path: try path(arguments))
        var sync = try open(folder, arguments, process)
        sync.wantsBlobs = arguments[blobs]
        let report = try sync.pass()
        guard arguments[watch] else { return answer(report, sync) }
        try SyncWatch(sync: sync, process: process).run(report)
        return answer(report, sync)
    }

    private static func path(_ arguments: Arguments) throws(CommandError) -> String {
        var path = try arguments.required(folder)
        while path.utf8.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// Chooses space and reader; a folder that is a copy already says which space it is of.
    private static func open(
        _ folder: SyncFolder, _ arguments: Arguments, _ process: ProcessEnvironment
    ) throws(CommandError) -> SpaceSync {
        let held = try folder.space()
        if let path = arguments[credential] {
            guard arguments.all(author).allSatisfy({ $0.hasPrefix("did:") }), arguments[AccountOptions.acting] == nil
            else { throw .usage("with `--credential`, authors are named by DID and `--as` has no meaning") }
            let file = try CredentialFile.load(path)
            guard file.expiresAt > process.now / 1_000_000 else {
                throw CommandError(
                    .notAuthorized, "the credential has expired", hint: "`capq credential get` takes another")
            }
            let typed = arguments[AccountOptions.space] ?? held ?? file.space
            guard typed.hasSameBytes(as: file.space) else {
                throw .usage("the credential is for `\(file.space)`, not `\(typed)`")
            }
            let client = try IdentityLookup.connect(file.host)
            let reader = CredentialReader(
                client: client, lookup: IdentityLookup(client: client), credential: file.credential,
                key: try file.key(), clock: process.clock)
            return try make(file.space, folder, reader, arguments.all(author), process)
        }
        let acting = try ActingAccount(arguments, process)
        let space = try SpaceChoice.of(arguments[AccountOptions.space] ?? held, acting)
        var authors: [String] = []
        for typed in arguments.all(author) { authors.append(try acting.principal(typed)) }
        return try make(space.text, folder, SessionReader(session: acting.session), authors, process)
    }

    private static func make(
        _ space: String, _ folder: SyncFolder, _ reader: any SpaceReading, _ authors: [String],
        _ process: ProcessEnvironment
    ) throws(CommandError) -> SpaceSync {
        let space = try CommandError.ofProtocol { () throws(ATProtoError) in try SpaceURI(space) }
        return SpaceSync(
            space: space, folder: folder, reader: reader, authors: authors.isEmpty ? nil : authors,
            progress: SyncProgress(process))
    }

    static func answer(_ report: SpaceSync.Report, _ sync: SpaceSync) -> Answer {
        let rows = report.rows.map { row -> JSON in
            [
                "did": .string(row.did), "rev": .string(row.rev), "records": .number(JSONNumber(row.records)),
                "changed": .number(JSONNumber(row.changed)), "removed": .number(JSONNumber(row.removed)),
                "way": .string(row.way),
            ]
        }
        var object = JSONObject(schema: "capq/sync/1")
        object["space"] = .string(sync.space.text)
        object["folder"] = .string(sync.folder.path)
        object["spaceRev"] = report.spaceRev.map { .string($0) } ?? .null
        object["repos"] = .array(rows)
        let table = Table(
            columns: [
                .init("AUTHOR", isFlexible: true), .init("RECORDS"), .init("CHANGED"), .init("REMOVED"), .init("HOW"),
                .init("REV"),
            ],
            rows: report.rows.map { row in
                [
                    Cell(principal: row.did), Cell(String(row.records)), Cell(String(row.changed)),
                    Cell(String(row.removed)), Cell(row.way), Cell(row.rev),
                ]
            })
        return Answer(
            exit: report.exit, json: .object(object), rows: rows, blocks: [.table(table)], notes: report.notes)
    }
}
