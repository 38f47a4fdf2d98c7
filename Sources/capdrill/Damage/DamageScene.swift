import ATProto
import CapClient
import Multiformats
import UCAN

/// A data folder to be damaged, and what is asked of every copy of it.
struct DamageScene: Sendable {
    /// As a kill left it: what was newest stands in the write-ahead log alone.
    fileprivate(set) var killed = DataFolder()
    /// The same after a stop in order: everything stands in the database.
    fileprivate(set) var stopped = DataFolder()
    fileprivate(set) var questions: [Question] = []

    fileprivate let program: String
    fileprivate let folder: String

    /// Where clients know the service, wherever it listens.
    static let publicURL = "http://localhost:9"

    fileprivate static let settings = [
        "--registration", "open", "--allow-loopback-peers", "on", "--public-url", publicURL,
        "--user-domains", "localhost",
    ]

    /// Starts the service on a copy, at the time at which the filling ended.
    func serve(_ data: String, log: String) throws -> ServiceProcess {
        try ServiceProcess(
            program, data: data, log: log, options: Self.settings + ["--clock-file", folder + "/clock"])
    }
}

/// Fills a data folder with something of every kind that is stored, by a service of its own.
struct SceneMaker {
    private var scene: DamageScene
    private var generator: Generator
    private let receiver: NewsReceiver

    init(_ options: DrillOptions, _ generator: Generator) throws {
        scene = DamageScene(program: options.service, folder: options.folder)
        self.generator = generator
        receiver = try NewsReceiver()
        try receiver.start()
    }

    private func start(_ data: String) throws -> ServiceProcess {
        let log = scene.folder + "/scene.log"
        let service = try ServiceProcess(scene.program, data: data, log: log, options: DamageScene.settings)
        guard service.waitUntilReady() else { throw DrillFailure("the service does not start; see \(log)") }
        return service
    }

    /// Fills the folder in two parts with a stop between them, and kills the service at the end.
    mutating func make() throws -> DamageScene {
        let data = scene.folder + "/scene"
        var service = try start(data)
        let host = try CapClient(baseURL: service.url).version()["nodeId"]?.string ?? ""
        let cast = try Cast(&generator, host: DID(host))
        let probe = try Probe(service.url, cast)
        for token in [cast.host, cast.root] { _ = try probe.send(token) }
        let worker = LoadWorker(0, cast, seed: generator.next())
        worker.load(service.url, statements: 60)
        let spaces = try SpaceCast(service.url, authors: 2, receiver: receiver)
        let authors = spaces.authors.indices.map { RepoWorker($0, spaces, seed: generator.next()) }
        let extras = try SpaceExtras(service.url, spaces, cast)
        for author in authors {
            try author.signIn(XRPCConnection(service.url))
            author.load(service.url, batches: 8, publicURL: DamageScene.publicURL)
        }
        guard service.stop() == 0 else { throw DrillFailure("the service does not stop in order") }

        service = try start(data)
        worker.load(service.url, statements: 60)
        // News of what is written from here on wait for a host that does not take them.
        receiver.refuse()
        for author in authors {
            author.load(service.url, batches: 6, publicURL: DamageScene.publicURL)
            try author.exchange(DamageScene.publicURL, XRPCConnection(service.url))
        }
        try extras.finish(service.url, receiver)
        let violations = worker.violations + authors.flatMap(\.violations)
        guard violations.isEmpty else { throw DrillFailure(violations[0]) }
        let now = Clock.now()
        service.kill()
        scene.killed = try DataFolder(readingFrom: data)
        try DataFolder.write(Array("\(now.microseconds / 1_000_000)\n".utf8), scene.folder + "/clock")
        scene.questions =
            try GraphQuestions(worker, at: now).questions()
            + SpaceQuestions(spaces, authors, extras, at: now).questions()
        scene.stopped = try settle(data)
        return scene
    }

    /// Starts on what the kill left, and stops in order.
    private func settle(_ data: String) throws -> DataFolder {
        try scene.killed.lay(at: data)
        let service = try scene.serve(data, log: scene.folder + "/scene.log")
        guard service.waitUntilReady(), service.stop() == 0 else { throw DrillFailure("no start after the kill") }
        return try DataFolder(readingFrom: data)
    }
}
