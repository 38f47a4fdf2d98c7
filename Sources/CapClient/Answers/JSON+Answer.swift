import Multiformats

extension JSON {
    /// Parses an answer; values beyond these bounds are no answer of this protocol.
    static func answer(_ bytes: [UInt8]) throws(ClientError) -> JSON {
        do {
            return try parse(bytes, limits: JSONLimits(maxBytes: bytes.count, maxDepth: 64, maxMembers: 4_000_000))
        } catch {
            throw ClientError(.invalidAnswer, "the answer is not JSON: \(error.message)")
        }
    }

    /// Reads a member that must be text.
    func text(_ key: String) throws(ClientError) -> String {
        guard let value = self[key]?.string else {
            throw ClientError(.invalidAnswer, "the answer has no text `\(key)`")
        }
        return value
    }

    /// Reads a member that must be true or false.
    func truth(_ key: String) throws(ClientError) -> Bool {
        guard let value = self[key]?.bool else {
            throw ClientError(.invalidAnswer, "the answer has no true or false `\(key)`")
        }
        return value
    }

    /// Reads a member that must be a list of texts.
    func texts(_ key: String) throws(ClientError) -> [String] {
        guard let values = self[key]?.array else {
            throw ClientError(.invalidAnswer, "the answer has no list `\(key)`")
        }
        var result: [String] = []
        for value in values {
            guard let text = value.string else {
                throw ClientError(.invalidAnswer, "the list `\(key)` holds something other than text")
            }
            result.append(text)
        }
        return result
    }
}
