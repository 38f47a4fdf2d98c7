import Synchronization

/// Damages copies of a data folder, one bit, one truncation or one deletion at a time, and checks that each is noticed at
/// the start or by `capservice verify`, or carries nothing, and that nothing that is damaged is served.
final class DamageDrill {
    private let options: DrillOptions
    private var generator: Generator

    init(_ options: DrillOptions) {
        self.options = options
        generator = Generator(seed: options.seed)
    }

    func run() throws -> Int32 {
        say("seed \(options.seed), \(options.flips) flips")
        var maker = try SceneMaker(options, Generator(seed: generator.next()))
        let scene = try maker.make()
        let expected = try answers(scene)
        say(
            "\(scene.questions.count) questions are answered alike on every sound copy; "
                + sizes(scene.killed) + "; after a stop " + sizes(scene.stopped))
        var flips = Flips(scene, Generator(seed: generator.next()))
        let others = try RefusedFiles(scene).all(&generator).shuffled(using: &generator).prefix(options.others)
        let damages = try Array(others) + flips.draw(options.flips).map { damage($0, scene) }
        let results = try attempt(damages, scene, expected)
        var report = DamageReport()
        for (damage, outcome) in results { report.add(damage, outcome) }
        return report.finish(seed: options.seed)
    }

    /// The answers on sound copies, of both folders and twice: what differs among them cannot be compared.
    private func answers(_ scene: DamageScene) throws -> [Question.Reply] {
        var first: [Question.Reply] = []
        for folder in [scene.killed, scene.stopped, scene.killed] {
            let data = options.folder + "/sound"
            try folder.lay(at: data)
            let service = try scene.serve(data, log: options.folder + "/sound.log")
            guard service.waitUntilReady() else { throw DrillFailure("the service does not start on a sound copy") }
            defer { service.kill() }
            let replies = try DamageTrial.ask(scene.questions, service.url)
            if first.isEmpty { first = replies }
            for (place, question) in scene.questions.enumerated() {
                guard !replies[place].isError, replies[place] == first[place] else {
                    throw DrillFailure(
                        "\(question.name) is answered \(replies[place].status) \(replies[place].text), "
                            + "and before \(first[place].status) \(first[place].text)")
                }
            }
        }
        return first
    }

    private func damage(_ flip: Flips.Flip, _ scene: DamageScene) -> Damage {
        var folder = flip.isStopped ? scene.stopped : scene.killed
        folder.files[flip.file]?[flip.offset] ^= 1 << flip.bit
        return Damage(name: flip.name, kind: .flipped, file: flip.file, table: flip.table, folder: folder)
    }

    /// Tries all, on two threads.
    private func attempt(
        _ damages: [Damage], _ scene: DamageScene, _ expected: [Question.Reply]
    ) throws -> [(Damage, Outcome)] {
        let next = Atomic(0)
        let outcomes = Mutex([Outcome?](repeating: nil, count: damages.count))
        let threads = Threads()
        for worker in 0..<2 {
            let trial = DamageTrial(scene, options, worker: worker, expected: expected)
            try threads.start {
                while true {
                    let place = next.add(1, ordering: .relaxed).oldValue
                    guard place < damages.count else { return }
                    let outcome: Outcome
                    do {
                        outcome = try trial.attempt(damages[place])
                    } catch {
                        outcome = .broken("\(error)")
                    }
                    outcomes.withLock { $0[place] = outcome }
                }
            }
        }
        threads.join()
        let found = outcomes.withLock { $0 }
        return zip(damages, found).map { ($0, $1 ?? .broken("it was not tried")) }
    }

    private func sizes(_ folder: DataFolder) -> String {
        folder.files.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.count)" }.joined(separator: ", ")
    }
}
