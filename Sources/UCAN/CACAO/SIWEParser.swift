extension SIWE {
    /// Longest message text taken by `parse`.
    static let maximumTextLength = 1 << 20

    /// Reads a message text: every line in its place, EIP-55 address, version 1; prints back to the same bytes.
    public static func parse(_ text: String) throws(UCANError) -> SIWE {
        guard text.utf8.count <= maximumTextLength else {
            throw UCANError(.limitExceeded, "the message is longer than \(maximumTextLength) bytes")
        }
        var lines = Lines(text)
        var head = try lines.next("domain")
        guard head.hasSuffix(invitation) else { throw malformed("first line") }
        head = String(head.dropLast(invitation.count))
        var scheme: String?
        if let range = head.firstRange(of: "://"), URISyntax.isScheme(head[..<range.lowerBound].utf8) {
            scheme = String(head[..<range.lowerBound])
            head = String(head[range.upperBound...])
        }
        let printed = try lines.next("address")
        let address: EthereumAddress
        do { address = try EthereumAddress(anyCase: printed.utf8) } catch { throw malformed("address") }
        guard address.description == printed else { throw malformed("casing of the address") }
        guard try lines.next("empty line").isEmpty else { throw malformed("line after the address") }
        var statement: String?
        let line = try lines.next("statement")
        // Without a statement one empty line follows; an empty statement is an empty line more.
        if !line.isEmpty || lines.upcoming?.isEmpty == true {
            statement = line
            guard try lines.next("empty line").isEmpty else { throw malformed("line after the statement") }
        }
        let uri = try lines.next("URI", after: "URI: ")
        guard try lines.next("version", after: "Version: ") == "1" else { throw malformed("version") }
        let chainText = try lines.next("chain id", after: "Chain ID: ")
        guard chainText.utf8.allSatisfy(URISyntax.isDigit), let chainID = UInt64(chainText), "\(chainID)" == chainText
        else { throw malformed("chain id") }
        let nonce = try lines.next("nonce", after: "Nonce: ")
        let issuedAt = try lines.next("issue time", after: "Issued At: ")
        let expirationTime = lines.nextIfPresent(after: "Expiration Time: ")
        let notBefore = lines.nextIfPresent(after: "Not Before: ")
        let requestID = lines.nextIfPresent(after: "Request ID: ")
        var resources: [String]?
        if lines.upcoming == "Resources:" {
            _ = try lines.next("resources")
            var listed: [String] = []
            while let resource = lines.nextIfPresent(after: "- ") { listed.append(resource) }
            resources = listed
        }
        guard lines.upcoming == nil else { throw malformed("end") }
        let message = try SIWE(
            scheme: scheme, domain: head, address: address, statement: statement, uri: uri, chainID: chainID,
            nonce: nonce, issuedAt: issuedAt, expirationTime: expirationTime, notBefore: notBefore,
            requestID: requestID, resources: resources
        )
        guard message.text.utf8.elementsEqual(text.utf8) else { throw malformed("form") }
        return message
    }

    private static func malformed(_ part: String) -> UCANError {
        UCANError(.malformedMessage, "the message's \(part) is malformed", step: "C.2")
    }

    /// Walks the lines of a message by the byte LF.
    private struct Lines {
        private var rest: ArraySlice<Substring.UTF8View>

        init(_ text: String) {
            rest = Substring(text).utf8.split(separator: 0x0A, omittingEmptySubsequences: false)[...]
        }

        var upcoming: String? { rest.first.map { String(Substring($0)) } }

        mutating func next(_ part: String) throws(UCANError) -> String {
            guard let line = rest.popFirst() else { throw SIWE.malformed(part) }
            return String(Substring(line))
        }

        mutating func next(_ part: String, after tag: String) throws(UCANError) -> String {
            guard let value = nextIfPresent(after: tag) else { throw SIWE.malformed(part) }
            return value
        }

        mutating func nextIfPresent(after tag: String) -> String? {
            guard let line = rest.first, line.starts(with: tag.utf8) else { return nil }
            rest.removeFirst()
            return String(Substring(line.dropFirst(tag.utf8.count)))
        }
    }
}
