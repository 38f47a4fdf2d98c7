/// Where one attack takes place: gives it services with settings as in production, numbers and sizes.
final class Arena {
    let isShort: Bool
    var generator: Generator
    private let options: DrillOptions
    private let attack: String
    private var starts = 0

    /// Whom an attack comes from, and whom it must not touch; the limits by address tell them apart.
    static let attacker = "127.0.0.3"
    static let bystander = "127.0.0.2"

    init(_ options: DrillOptions, attack: String) {
        self.options = options
        self.attack = attack
        isShort = options.isShort
        generator = Generator(seed: options.seed)
    }

    /// A number for a whole run, and the one for a short run.
    func scale(_ whole: Int, short: Int) -> Int { isShort ? short : whole }

    /// A file of this attack's own.
    func path(_ name: String) -> String { "\(options.folder)/\(attack)-\(name)" }

    /// Starts a service on data of its own; with the usual settings, but for those given.
    func start(_ settings: [String] = []) throws -> Scene {
        starts += 1
        let data = "\(options.folder)/\(attack)-\(starts)"
        let log = data + ".log"
        let process = try ServiceProcess(
            options.service,
            ["serve", "--listen", "127.0.0.1:0", "--data", data, "--log-level", "warning"] + settings, log: log)
        guard process.waitUntilReady() else { throw DrillFailure("the service does not start; see \(log)") }
        return try Scene(process, options.service, data: data, &generator)
    }
}
