import CapClient
import Multiformats
import UCAN

/// Kills the service again and again in the middle of load, and checks after each restart that everything it had
/// acknowledged is there, that nothing else is half there, and that its answers agree.
final class KillDrill {
    private let options: DrillOptions
    private var generator: Generator
    private var longestStart: Int64 = 0
    private var killsAtStart = 0

    init(_ options: DrillOptions) {
        self.options = options
        generator = Generator(seed: options.seed)
    }

    func run() throws -> Int32 {
        say("seed \(options.seed), \(options.rounds) rounds, \(options.connections) connections")
        var service = try start()
        let cast = try Cast(&generator, host: hostKey(service.url))
        let setup = try Probe(service.url, cast)
        for token in [cast.host, cast.root] { _ = try setup.send(token) }
        let workers = (0..<options.connections).map { LoadWorker($0, cast, seed: generator.next()) }
        let receiver = try NewsReceiver()
        try receiver.start()
        let space = try SpaceCast(service.url, authors: max(2, options.connections / 2), receiver: receiver)
        let authors = space.authors.indices.map { RepoWorker($0, space, seed: generator.next()) }
        for author in authors { try author.signIn(XRPCConnection(service.url)) }
        var revision: Int64 = 0
        for round in 1...options.rounds {
            let threads = Threads()
            let url = service.url
            for worker in workers { try threads.start { worker.load(url) } }
            for author in authors { try threads.start { author.load(url) } }
            Clock.wait(microseconds: delay())
            service.kill()
            threads.join()
            service = try start()
            let isLast = round == options.rounds
            let restarted = service.url
            for worker in workers { try threads.start { worker.verify(restarted, isLast: isLast) } }
            for author in authors { try threads.start { author.verify(restarted, isLast: isLast) } }
            threads.join()
            var violations = workers.flatMap(\.violations) + authors.flatMap(\.violations) + receiver.errors
            if violations.isEmpty, isLast || round % 10 == 0 {
                violations += try compareLists(workers, try Probe(restarted, cast), &revision)
            }
            if violations.isEmpty, isLast { violations += missingNews(authors, receiver) }
            guard violations.isEmpty else {
                for line in violations.prefix(20) { say("round \(round): \(line)") }
                say("FAILED in round \(round): \(violations.count) violations, seed \(options.seed)")
                return 1
            }
            if isLast || round % 10 == 0 {
                say("round \(round): " + summary(workers) + "; " + summary(authors, receiver))
            }
        }
        guard service.stop() == 0 else { throw DrillFailure("the service does not stop in order") }
        say(
            "passed: \(options.rounds) kills under load and \(killsAtStart) while starting; " + summary(workers) + "; "
                + summary(authors, receiver))
        return 0
    }

    /// A third of the kills fall within the first statements, the rest anywhere in half a second.
    private func delay() -> Int {
        generator.once(in: 3) ? generator.int(in: 0...20_000) : generator.int(in: 0...500_000)
    }

    /// Starts the service on the same data; sometimes it is first killed while it starts.
    private func start() throws -> ServiceProcess {
        let data = options.folder + "/data"
        let log = options.folder + "/capservice.log"
        if generator.once(in: 4) {
            let early = try ServiceProcess(options.service, data: data, log: log, options: Self.settings)
            Clock.wait(microseconds: generator.int(in: 0...40_000))
            early.kill()
            killsAtStart += 1
        }
        let began = Clock.milliseconds()
        let service = try ServiceProcess(options.service, data: data, log: log, options: Self.settings)
        guard service.waitUntilReady() else { throw DrillFailure("the service does not start again; see \(log)") }
        longestStart = max(longestStart, Clock.milliseconds() - began)
        return service
    }

    /// Accounts for everybody, no bound on their writes, and news to a host on this machine.
    private static let settings = [
        "--registration", "open", "--allow-loopback-peers", "--hourly-write-points", "1000000000",
        "--daily-write-points", "1000000000",
    ]

    /// Waits until the host of the space that is held elsewhere was told of the newest revision of each repo.
    private func missingNews(_ authors: [RepoWorker], _ receiver: NewsReceiver) -> [String] {
        let wanted = authors.compactMap { author in author.places[1].rev.map { (author.author.did, $0) } }
        let end = Clock.milliseconds() + 60_000
        while Clock.milliseconds() < end, wanted.contains(where: { receiver.newest[$0.0] != $0.1 }) {
            Clock.wait(microseconds: 50_000)
        }
        return wanted.compactMap { did, rev in
            let told = receiver.newest[did]
            return told == rev ? nil : "of \(did) at \(rev) only \(told ?? "nothing") was told"
        }
    }

    private func summary(_ authors: [RepoWorker], _ receiver: NewsReceiver) -> String {
        let batches = authors.reduce(0) { $0 + $1.counts.batches }
        let steps = authors.flatMap(\.places).reduce(0) { $0 + $1.journal.verifiedCount }
        let blobs = authors.reduce(0) { $0 + $1.blobs.count }
        let exchanges = authors.reduce(0) { $0 + $1.counts.exchanges }
        let inFlight = authors.reduce(0) { $0 + $1.counts.inFlight }
        let kept = authors.reduce(0) { $0 + $1.counts.kept }
        let checked = authors.reduce(0) { $0 + $1.counts.checked }
        return "\(batches) batches of \(steps) record operations and \(blobs) blobs known, \(exchanges) tokens "
            + "exchanged; \(inFlight) of these in flight at a kill, \(kept) of them kept whole; "
            + "\(receiver.count) notices sent on; \(checked) checks"
    }

    private func hostKey(_ url: String) throws -> DID {
        let client = try CapClient(baseURL: url)
        guard let text = try client.version()["nodeId"]?.string else { throw DrillFailure("the service has no key") }
        return try DID(text)
    }

    /// Holds the listings of all that lives and all that is revoked to the journals.
    private func compareLists(_ workers: [LoadWorker], _ probe: Probe, _ revision: inout Int64) throws -> [String] {
        var live: Set<String> = [probe.cast.rootCID.text, probe.cast.host.cid.text]
        var dead: Set<String> = []
        for journal in workers.map(\.journal) {
            for place in journal.grants.indices {
                let cid = journal.grants[place].token.cid.text
                if journal.isDead(place) { dead.insert(cid) } else { live.insert(cid) }
            }
        }
        var violations: [String] = []
        for (status, expected) in [("active", live), ("revoked", dead)] {
            let (listed, now) = try probe.list(status)
            for cid in expected.subtracting(listed).prefix(5) { violations.append("\(cid) is not listed as \(status)") }
            for cid in listed.subtracting(expected).prefix(5) { violations.append("\(cid) is listed as \(status)") }
            if now < revision { violations.append("the revision went back from \(revision) to \(now)") }
            revision = now
        }
        return violations
    }

    private func summary(_ workers: [LoadWorker]) -> String {
        var total = LoadWorker.Counts()
        var marks = 0
        var revocations = 0
        var grants = 0
        var values = 0
        for worker in workers {
            total.acknowledged += worker.counts.acknowledged
            total.inFlight += worker.counts.inFlight
            total.kept += worker.counts.kept
            total.checked += worker.counts.checked
            grants += worker.journal.grants.count
            revocations += worker.journal.revocations.count
            marks += worker.journal.marks.count
            values += worker.journal.values.count
        }
        return "\(grants) delegations, \(revocations) revocations, \(values) values and \(marks) replay marks known; "
            + "\(total.inFlight) in flight at a kill, \(total.kept) of them kept whole, the others not at all; "
            + "\(total.checked) checks; slowest restart \(longestStart) ms"
    }
}
