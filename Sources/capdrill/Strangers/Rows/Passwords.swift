import Multiformats

extension Attack {
    /// Strangers try passwords, each of which is slow to check, all at once.
    static let passwords = Attack(name: "passwords") { arena in
        let count = arena.scale(600, short: 150)
        // Each try that is checked takes its time, so that a short run has less of them.
        let settings = ["--registration", "open"] + (arena.isShort ? ["--max-hashes-waiting", "8"] + fewTries : [])
        var scene = try arena.start(settings)
        try Accounts.register("bystander", scene)
        var answers: [XRPCConnection.Answer] = []
        var bounds = try Bystander.bounds(scene, "from one address") {
            answers = try Accounts.tryPasswords(scene, count) { _ in [] }
        }
        bounds += refusals("from one address", answers)
        bounds.append(
            .most("passwords checked for one address", Double(answers.count { $0.status == 401 }), 130, .count))
        let other = try Accounts.signIn("bystander", scene.connection(Arena.bystander))
        bounds.append(.so("another address signs in", other.status == 200, other.summary))
        scene.stop()

        scene = try arena.start(settings + ["--trusted-proxies", Arena.attacker])
        try Accounts.register("bystander", scene)
        bounds += try Bystander.bounds(scene, "by a proxy") {
            answers = try Accounts.tryPasswords(scene, count) { ["X-Forwarded-For: 198.51.100.\($0 % 250)"] }
        }
        bounds += refusals("by a proxy", answers)
        // One client of the proxy tries one name; the next client is not counted with it.
        let connection = try scene.connection()
        var refused = answers[0]
        for _ in 0..<40 where refused.status != 429 {
            refused = try Accounts.signIn(
                "bystander", connection, ["X-Forwarded-For: 203.0.113.1"], password: "a wrong password")
        }
        let taken = try Accounts.signIn("bystander", connection, ["X-Forwarded-For: 203.0.113.2"])
        bounds.append(.so("a proxy's client that tried too often waits", refused.status == 429, refused.summary))
        bounds.append(.so("another client of the proxy signs in", taken.status == 200, taken.summary))
        return bounds
    }

    private static let fewTries = ["--logins-per-minute", "2"]

    /// Some are refused, and each of these is told when to come again.
    private static func refusals(_ label: String, _ answers: [XRPCConnection.Answer]) -> [Bound] {
        let refused = answers.filter { [429, 503].contains($0.status) }
        let odd = answers.first { ![401, 429, 503].contains($0.status) }
        return [
            .least("\(label), tries refused with 429 or 503", Double(refused.count), 1, .count),
            .most(
                "\(label), refusals without Retry-After", Double(refused.count { $0.retryAfter == nil }), 0, .count),
            .so("\(label), each try is answered 401, 429 or 503", odd == nil, odd?.summary ?? ""),
        ]
    }

    /// The spellings of one handle are one name to the limit of tries.
    static let spellings = Attack(name: "spellings") { arena in
        let scene = try arena.start(["--registration", "open"] + (arena.isShort ? fewTries : []))
        let name = "kilimanjaro"
        try Accounts.register(name, scene)
        let connection = try scene.connection()
        var checked = 0
        for spelling in 1...299 {
            let text = name.enumerated().map {
                spelling >> $0.offset & 1 == 1 ? $0.element.uppercased() : "\($0.element)"
            }
            let answer = try Accounts.signIn(text.joined(), connection, password: "a wrong password")
            if answer.status == 401 { checked += 1 }
        }
        // The letter k has a Kelvin sign for a capital in Unicode, which is no letter of a handle.
        let kelvin = try Accounts.signIn("\u{212A}ilimanjaro", scene.connection(Arena.bystander))
        let good = try Accounts.signIn(name, scene.connection(Arena.bystander))
        return [
            .most("passwords checked of 299 spellings of a handle", Double(checked), arena.isShort ? 14 : 40, .count),
            .so("a Kelvin sign is no k", kelvin.status != 200, kelvin.summary),
            .so("the handle itself signs in from another address", good.status == 200, good.summary),
        ]
    }
}
