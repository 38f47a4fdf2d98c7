/// One damaged data folder.
struct Damage: Sendable {
    enum Kind: String, Sendable {
        case flipped = "flipped bits"
        case cut = "cut short"
        case gone = "gone, alone or with another"
        case replaced
    }

    let name: String
    let kind: Kind
    let file: String
    /// The table that the place belongs to, where it belongs to one.
    var table: String?
    /// Files that are gone.
    var lost: Set<String> = []
    let folder: DataFolder
    /// What the refusal of a start says, where there is one that it has to say.
    var words: String?

    /// Where it is counted.
    var row: String { "\(file), \(kind.rawValue)" }
}

/// What became of a damaged folder.
enum Outcome: Sendable {
    /// The service does not start, and says why.
    case refused(String)
    /// `verify` says so; what the service answers is as before, or an error.
    case noticed
    /// Nothing carries it: `verify` passes and every answer is as before.
    case harmless
    /// Answers differ, and not by an error.
    case served([String], isNoticed: Bool)
    /// `verify` passes and a start too, yet something cannot be answered.
    case unnoticed([String])
    /// Something else went wrong, such as a file that was changed by who refused it.
    case broken(String)
}

/// Tries one damaged folder after the other, on one thread.
struct DamageTrial: Sendable {
    private let scene: DamageScene
    private let program: String
    private let data: String
    private let log: String
    private let expected: [Question.Reply]

    /// Milliseconds after which a program hangs.
    private static let patience: Int64 = 60_000

    init(_ scene: DamageScene, _ options: DrillOptions, worker: Int, expected: [Question.Reply]) {
        self.scene = scene
        program = options.service
        data = "\(options.folder)/copy-\(worker)"
        log = "\(options.folder)/copy-\(worker).log"
        self.expected = expected
    }

    func attempt(_ damage: Damage) throws -> Outcome {
        try damage.folder.lay(at: data)
        let (code, words) = try verify()
        guard code == 0 || code == 1 else { return .broken("`verify` ends with \(code): \(words)") }
        if let name = try damage.folder.differences(from: data).first {
            return .broken("`verify` changes `\(name)`")
        }
        guard code == 0 || words.contains("hint: ") else { return .broken("`verify` gives no hint: \(words)") }
        try damage.folder.lay(at: data)
        try DataFolder.write([], log)
        let service = try scene.serve(data, log: log)
        guard service.saysSomething(within: Self.patience) else { return .broken("the start hangs") }
        guard service.waitUntilReady() else {
            let code = service.end()
            let words = try said()
            guard code == 1, words.contains("hint: "), words.contains(damage.words ?? "") else {
                return .broken("a start ends with \(code): \(words)")
            }
            let changed = try damage.folder.differences(from: data)
            guard changed.isEmpty else {
                return .broken(
                    "a start that refuses changes \(changed.map { "`\($0)`" }.joined(separator: ", ")): \(words)")
            }
            return .refused(words)
        }
        defer { service.kill() }
        guard damage.words == nil else { return .broken("the service starts on it") }
        let replies = try Self.ask(scene.questions, service.url)
        let differing = expected.indices.filter { replies[$0] != expected[$0] }
        let wrong = differing.filter { !replies[$0].isError }
        let lines = (wrong.isEmpty ? differing : wrong).map { difference($0, replies[$0]) }
        if !wrong.isEmpty { return .served(lines, isNoticed: code == 1) }
        if code == 1 { return .noticed }
        return differing.isEmpty ? .harmless : .unnoticed(lines)
    }

    private func verify() throws -> (code: Int32, words: String) {
        try DataFolder.write([], log)
        let process = try ServiceProcess(program, ["verify", "--data", data], log: log)
        _ = process.saysSomething(within: Self.patience)
        return (process.end(), try said())
    }

    private func said() throws -> String {
        String(decoding: try DataFolder.read(log), as: UTF8.self).split(separator: "\n").prefix(2).joined(
            separator: "; ")
    }

    /// Asks all questions; an answer that breaks off is one, and the connection begins anew.
    static func ask(_ questions: [Question], _ url: String) throws -> [Question.Reply] {
        var connection = try XRPCConnection(url)
        return try questions.map { question in
            do {
                return try question.ask(connection)
            } catch is XRPCConnection.Lost {
                connection = try XRPCConnection(url)
                return .brokenOff
            }
        }
    }

    private func difference(_ place: Int, _ reply: Question.Reply) -> String {
        let (was, now) = (Array(expected[place].text), Array(reply.text))
        let start = max(0, zip(was, now).prefix { $0 == $1 }.count - 30)
        return "\(scene.questions[place].name): \(expected[place].status) …\(String(was[start...].prefix(90)))… "
            + "is now \(reply.status) …\(String(now[min(start, now.count)...].prefix(90)))…"
    }
}
