extension ReCap {
    private static let opening =
        "I further authorize the stated URI to perform the following actions on my behalf:"

    /// The sentence a wallet shows and signs, generated from the capabilities (spec/ucan.md C.3).
    ///
    /// Numbered entries, one per resource and namespace in byte order, each with its sorted names.
    public var statement: String {
        var text = ReCap.opening
        var number = 0
        var start = capabilities.startIndex
        while start < capabilities.endIndex {
            let resource = capabilities[start].resource
            let end = capabilities[start...].firstIndex { $0.resource != resource } ?? capabilities.endIndex
            // Full abilities sort differently from namespaces where a character below `/` follows, so regroup.
            let named = capabilities[start..<end].map { (namespace: $0.namespace, name: $0.name) }
                .sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
            var previous: Substring?
            for (namespace, name) in named {
                if namespace == previous {
                    text += ", '\(name)'"
                } else {
                    if previous != nil { text += " for '\(resource)'." }
                    number += 1
                    text += " (\(number)) '\(namespace)': '\(name)'"
                    previous = namespace
                }
            }
            text += " for '\(resource)'."
            start = end
        }
        return text
    }

    /// Tests that a message's statement is the generated text, or ends with a space and that text.
    public func isStated(by statement: String?) -> Bool {
        guard let statement else { return false }
        let given = Array(statement.utf8)
        let wanted = Array(self.statement.utf8)
        guard given.count >= wanted.count, given.suffix(wanted.count).elementsEqual(wanted) else { return false }
        return given.count == wanted.count || given[given.count - wanted.count - 1] == UInt8(ascii: " ")
    }

    /// Prepends the user's own words, separated by one space.
    public func statement(after words: String?) -> String {
        guard let words, !words.isEmpty else { return statement }
        return words + " " + statement
    }
}
