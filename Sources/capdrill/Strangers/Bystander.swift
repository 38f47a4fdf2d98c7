import Glibc
import Multiformats
import Synchronization
import UCAN

/// Goes on with what it does while an attack runs, and measures how long each answer takes.
final class Bystander: Sendable {
    /// Times of the answers, in milliseconds.
    struct Delays: Sendable {
        private(set) var sorted: [Double] = []

        init(_ delays: [Double]) { sorted = delays.sorted() }

        func share(_ part: Double) -> Double {
            sorted.isEmpty ? .infinity : sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
        }
    }

    private struct Seen {
        var writes: [Double] = []
        var health: [Double] = []
        /// By how much a wait takes longer than it should: what the machine itself, busy with other things, adds.
        var lags: [Double] = []
        var errors: [String] = []
    }

    private let url: String
    private let cast: Cast
    private let seen = Mutex(Seen())
    private let isOver = Atomic<Bool>(false)

    private init(_ scene: Scene) {
        url = scene.url
        cast = scene.cast
    }

    /// Runs an attack beside a bystander. The bounds are those of its writes, against writes before the attack, and
    /// those of `/healthz`, beside what the machine makes everybody wait: each answer waits for it several times.
    static func bounds(_ scene: Scene, _ label: String = "", during attack: () throws -> Void) throws -> [Bound] {
        let quiet = Bystander(scene)
        for _ in 0..<30 { try quiet.write(scene.connection(Arena.bystander)) }
        let usual = Delays(quiet.seen.withLock(\.writes))
        let other = Bystander(scene)
        let threads = Threads()
        try threads.start { other.go(on: other.write, everyMilliseconds: 25, atLeast: 40) }
        try threads.start { other.go(on: other.askHealth, everyMilliseconds: 5, atLeast: 100) }
        let result = Result { try attack() }
        other.isOver.store(true, ordering: .releasing)
        threads.join()
        try result.get()
        let seen = other.seen.withLock { $0 }
        let (writes, health) = (Delays(seen.writes), Delays(seen.health))
        let lags = Delays(seen.lags)
        let prefix = label.isEmpty ? "" : label + ", "
        return [
            .most(
                prefix + "95 of 100 writes of a bystander", writes.share(0.95),
                max(writeFloor, 20 * usual.share(0.95)) + 20 * lags.share(0.95), .milliseconds),
            .most(
                prefix + "half of the answers of /healthz", health.share(0.5), healthLimit + 6 * lags.share(0.5),
                .milliseconds),
            .most(
                prefix + "95 of 100 answers of /healthz", health.share(0.95), healthLimit + 6 * lags.share(0.95),
                .milliseconds),
            .so(prefix + "a bystander is always answered", seen.errors.isEmpty, seen.errors.first ?? ""),
        ]
    }

    private static let healthLimit = 50.0
    /// What a write may always take: a disk that is shared is that slow now and then without any attack.
    private static let writeFloor = 250.0

    /// Goes on until the attack is over, and some answers were there to judge.
    private func go(on step: (XRPCConnection) throws -> Void, everyMilliseconds pause: Int, atLeast count: Int) {
        var done = 0
        do {
            let connection = try XRPCConnection(url, from: Arena.bystander)
            repeat {
                try step(connection)
                done += 1
                let began = Clock.microseconds()
                Clock.wait(microseconds: pause * 1000)
                let lag = Double(Clock.microseconds() - began) / 1000 - Double(pause)
                seen.withLock { $0.lags.append(max(0, lag)) }
            } while done < count || !isOver.load(ordering: .acquiring)
        } catch {
            seen.withLock { $0.errors.append((error as? DrillFailure)?.text ?? "no answer came") }
        }
    }

    /// The session of a space that is hosted gives a holder something.
    private func write(_ connection: XRPCConnection) throws {
        let token = try TokenMaker.ucan(
            issuer: cast.session, audience: cast.holders[0].did,
            capabilities: [TokenCapability(resource: "\(cast.space)/kv/bystander", ability: "tinycloud.kv/get")],
            proofs: [cast.rootCID], expires: Clock.now().adding(seconds: 3600), nonce: TokenMaker.freshNonce()
        ).authorization()
        let began = Clock.microseconds()
        let answer = try connection.delegate(token)
        let delay = Double(Clock.microseconds() - began) / 1000
        guard answer.status == 200 else { throw DrillFailure("a write is answered \(answer.summary)") }
        seen.withLock { $0.writes.append(delay) }
    }

    private func askHealth(_ connection: XRPCConnection) throws {
        let began = Clock.microseconds()
        let answer = try connection.ask("GET", "/healthz", nil)
        let delay = Double(Clock.microseconds() - began) / 1000
        guard answer.status == 200 else { throw DrillFailure("/healthz is answered \(answer.status)") }
        seen.withLock { $0.health.append(delay) }
    }
}
