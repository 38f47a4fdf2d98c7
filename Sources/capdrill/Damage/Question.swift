import ATProto
import Glibc
import Multiformats
import UCAN

/// One request whose answer is the same on every copy of the data, but for what is drawn anew each time.
struct Question: Sendable {
    let name: String
    var method = "GET"
    let path: String
    var token: String?
    var headers: [String] = []
    var body: [UInt8] = []
    /// Reads an answer that cannot be compared by its bytes.
    var archive: Archive?

    /// Whose repo an exported archive is.
    struct Archive: Sendable {
        let space: String
        let author: SpaceCast.Author
    }

    /// What is compared of an answer.
    struct Reply: Equatable, Sendable {
        let status: Int
        let text: String

        /// The service says itself that it cannot answer, or breaks off.
        var isError: Bool { status >= 500 }

        static let brokenOff = Reply(status: 599, text: "the answer breaks off")
    }

    func ask(_ connection: XRPCConnection) throws -> Reply {
        let answer = try connection.ask(method, path, token, headers, body)
        if let archive, answer.status == 200 {
            // Whoever receives one that does not verify learns so.
            return Self.read(archive, answer.body).map { Reply(status: 200, text: $0) } ?? .brokenOff
        }
        let fields = answer.fields.filter { $0.hasPrefix("content-type:") || $0.hasPrefix("etag:") }
        return Reply(status: answer.status, text: fields.joined(separator: "\n") + "\n" + text(answer))
    }

    private func text(_ answer: XRPCConnection.Answer) -> String {
        guard let json = try? JSON.parse(answer.body, limits: JSONLimits(maxBytes: 1 << 27)) else {
            // As it came: text where it is text, and else every byte.
            return String(validating: answer.body, as: UTF8.self) ?? "\(answer.body)"
        }
        return String(decoding: Self.lasting(json).canonical(), as: UTF8.self)
    }

    /// Members that are made for each answer: tokens, signatures with what they are salted with, and names of decisions.
    private static let passing: Set<String> = [
        "accessJwt", "refreshJwt", "token", "credential", "sig", "mac", "ikm", "decisionId",
    ]

    private static func lasting(_ json: JSON) -> JSON {
        if let array = json.array { return .array(array.map(lasting)) }
        guard case .object(let object) = json else { return json }
        var kept = JSONObject()
        for (name, value) in object.members { kept[name] = passing.contains(name) ? "…" : lasting(value) }
        return .object(kept)
    }

    /// The records of an archive; nil when it does not verify.
    private static func read(_ archive: Archive, _ bytes: [UInt8]) -> String? {
        do {
            var verifier = SpaceCARVerifier(space: archive.space, author: archive.author.did, key: archive.author.key)
            verifier.append(bytes)
            var lines: [String] = []
            while let part = try verifier.next() {
                switch part {
                case .commit(let commit): lines.append("\(commit.rev) \(commit.hash)")
                case .index(let entries): lines += entries.map { "\($0.path) \($0.cid)" }
                case .record(let entry, let bytes): lines.append("\(entry.path) \(bytes)")
                }
            }
            try verifier.finish()
            return lines.joined(separator: "\n")
        } catch {
            return nil
        }
    }
}
