import Multiformats
import UCAN

/// Finds the tokens somebody means: on the command line, in a file or on standard input.
enum TokenInput {
    /// Largest file of tokens read: 16 MiB.
    static let limit = 16 << 20

    /// One token as it was given, before anything is known of it.
    enum Source: Sendable, Equatable {
        /// Text in `Authorization` form.
        case text([UInt8])
        /// DAG-CBOR of a CACAO.
        case binary([UInt8])

        func decode() throws(UCANError) -> UnverifiedToken {
            switch self {
            case .text(let text): try UnverifiedToken.decode(authorization: text)
            case .binary(let bytes): try UnverifiedToken.decode(bytes: bytes, kind: .cacao)
            }
        }
    }

    /// Reads `-` as standard input, the path of a file as its content, and anything else as a token.
    static func read(_ word: String, _ process: ProcessEnvironment) throws(CommandError) -> [Source] {
        if word.hasSameBytes(as: "-") {
            guard let bytes = process.standardInput(limit) else {
                throw CommandError(.failure, "standard input cannot be read or is too long")
            }
            return try sources(bytes, of: "standard input")
        }
        // No path is as long as a token, and asking the system for it would fail for its length alone.
        if word.utf8.count < 4_096, SystemFile.exists(word) {
            return try sources(SystemFile.read(word, limit: limit), of: "`\(word)`")
        }
        let looksLikePath = word.utf8.count < 100 || word.hasPrefix("./") || word.hasPrefix("/")
        guard !looksLikePath else {
            throw CommandError(.notFound, "`\(word)` is neither a token nor a file")
        }
        return [.text(Array(word.utf8))]
    }

    /// Splits a file: one DAG-CBOR token, a JSON document with tokens in it, or one token a line.
    private static func sources(_ bytes: [UInt8], of name: String) throws(CommandError) -> [Source] {
        let text = KeyImport.trimmed(bytes)
        guard let first = text.first else { throw CommandError(.failure, "\(name) is empty") }
        if first >= 0x80 { return [.binary(bytes)] }
        if first == UInt8(ascii: "{") || first == UInt8(ascii: "[") {
            guard let json = try? JSON.parse(Array(text), limits: JSONLimits(maxBytes: limit)) else {
                throw CommandError(.failure, "\(name) is not JSON")
            }
            let found = tokens(in: json)
            guard !found.isEmpty else { throw CommandError(.failure, "\(name) holds no token") }
            return found
        }
        return text.split(whereSeparator: { $0 == 0x0a || $0 == 0x0d }).map {
            .text(Array(KeyImport.trimmed(Array($0))))
        }
        .filter { $0 != .text([]) }
    }

    /// Collects the tokens of answers, sessions and portable delegations, in document order.
    private static func tokens(in json: JSON) -> [Source] {
        var found: [Source] = []
        var waiting = [json]
        while let next = waiting.popLast() {
            switch next {
            case .array(let items):
                waiting += items.reversed()
            case .object(let object):
                for name in ["authorization", "Authorization", "raw", "token"] {
                    if let text = object[name]?.string { found.append(.text(Array(text.utf8))) }
                }
                waiting += object.members.reversed().map(\.value).filter { $0.array != nil || $0.object != nil }
            case .null, .bool, .number, .string:
                break
            }
        }
        return found
    }
}

/// Reads CIDs typed on the command line.
enum CIDText {
    /// Accepts any base a CID is written in; a usage failure otherwise.
    static func parse(_ text: String) throws(CommandError) -> CID {
        guard let cid = try? CID(text: text.utf8) else {
            let hint =
                text.utf8.contains(0xe2) ? "`…` marks a shortened id: `--full` shows whole ones" : "as in bafkr4i…"
            throw .usage("`\(text)` is not a CID", hint: hint)
        }
        return cid
    }
}
