/// Finds the method of a name among those of the families that are served.
struct XRPCTable: Sendable {
    /// The methods of one called name, at most one a verb.
    struct Entry: Sendable {
        fileprivate(set) var query: XRPCMethod?
        fileprivate(set) var procedure: XRPCMethod?

        /// The HTTP methods this name answers.
        var methods: [HTTPMethod] {
            (query == nil ? [] : [.get, .head]) + (procedure == nil ? [] : [.post])
        }

        var any: XRPCMethod? { query ?? procedure }
    }

    let methods: [XRPCMethod]
    private let entries: [[UInt8]: Entry]

    /// Indexes the methods by every name; of two methods with one name and verb the first stays; see
    /// `ServedFamilies.requireDistinct`.
    init(_ methods: [XRPCMethod]) {
        self.methods = methods
        var entries: [[UInt8]: Entry] = [:]
        for method in methods {
            for name in [method.nsid] + method.aliases {
                let key = Array(name.utf8)
                var entry = entries[key] ?? Entry()
                switch method.verb {
                case .query: entry.query = entry.query ?? method
                case .procedure: entry.procedure = entry.procedure ?? method
                }
                entries[key] = entry
            }
        }
        self.entries = entries
    }

    subscript(name: some StringProtocol) -> Entry? { entries[Array(name.utf8)] }

    /// How much more than its limit the server reads of a body before it cuts it off: a client that has sent a little too
    /// much is answered when it has finished, which every client can read.
    static let bodySlack = 1 << 20

    /// What the server reads of a body before it asks who sends it.
    static let strangerBytes = 64 * 1024

    /// The most bytes the server reads for a path below `/xrpc/` of whoever sends them; nil for other paths.
    func readLimit(_ path: String) -> Int? {
        path.utf8.starts(with: XRPCDispatcher.prefix.utf8) ? Self.strangerBytes : nil
    }
}
