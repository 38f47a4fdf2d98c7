/// One method of the XRPC surface: its names, what it takes, where it runs, and what answers it.
struct XRPCMethod: Sendable {
    /// Says which HTTP method calls it: a query is GET (or HEAD), a procedure is POST.
    enum Verb: Sendable, Hashable {
        case query
        case procedure

        var method: HTTPMethod { self == .query ? .get : .post }
    }

    /// Says what the body of a procedure holds.
    enum Body: Sendable {
        /// A JSON object; without a body, the empty object.
        case json
        /// Bytes of any type, left in `request.body`.
        case bytes
    }

    /// Says on which thread the handler runs.
    enum Work: Sendable {
        /// On the HTTP worker: it must not wait for disk syncs, other hosts or slow hashes.
        case inline
        /// On the pool of threads that may wait.
        case blocking
        /// On the few threads that hash passwords.
        case hashing
        /// On the few threads that answer questions about authority; see `XRPCCall.goesWhereQuestionsAre`.
        case questions
    }

    typealias Handler = @Sendable (XRPCCall) throws -> XRPCOutput

    /// The name under which it is counted and documented.
    let nsid: String
    let verb: Verb
    /// Further names that reach the same handler (atproto-spaces.md 16).
    let aliases: [String]
    let body: Body
    /// The largest body in bytes; one byte more is 413 `PayloadTooLarge`.
    let bodyLimit: Int
    /// The switch that turns the method off; nil for what is always on.
    let feature: Feature?
    let work: Work
    /// True where the answer is the same to everybody, so that caches may keep it.
    let isPublic: Bool
    /// True where nobody is answered who does not show who it is, so that a long body need not be read to say so.
    let callersOnly: Bool
    let handler: Handler

    /// The body limits of atproto-spaces.md 7, in bytes.
    static let recordBodyLimit = 1_000_000
    static let plainBodyLimit = 150 * 1024
    static let blobBodyLimit = 5 * 1024 * 1024

    /// Makes a query. It runs inline; where its caller turns out to need a wait, it is run again on the pool.
    static func query(
        _ nsid: String, aliases: [String] = [], feature: Feature? = .spaces, work: Work = .inline,
        isPublic: Bool = false, _ handler: @escaping Handler
    ) -> XRPCMethod {
        XRPCMethod(
            nsid: nsid, verb: .query, aliases: aliases, body: .json, bodyLimit: plainBodyLimit, feature: feature,
            work: work, isPublic: isPublic, callersOnly: false, handler: handler)
    }

    /// Makes a procedure, which runs on the pool.
    static func procedure(
        _ nsid: String, aliases: [String] = [], body: Body = .json, bodyLimit: Int = plainBodyLimit,
        feature: Feature? = .spaces, work: Work = .blocking, callersOnly: Bool = false, _ handler: @escaping Handler
    ) -> XRPCMethod {
        XRPCMethod(
            nsid: nsid, verb: .procedure, aliases: aliases, body: body, bodyLimit: bodyLimit, feature: feature,
            work: work, isPublic: false, callersOnly: callersOnly, handler: handler)
    }
}

/// Names a part of the service that an operator can switch off with `--feature NAME=off`.
enum Feature: String, Sendable, CaseIterable {
    case spaces = "spaces_enabled"

    /// Under these names every method answers `FeatureDisabled` while the feature is off, whether it exists or not.
    var namespaces: [String] {
        switch self {
        case .spaces:
            [
                "com.atproto.space.", "com.atproto.simplespace.", "dev.happyview.space.", "dev.capabilitygraph.space.",
            ]
        }
    }

    /// The feature whose namespace holds a method name.
    static func owning(_ nsid: String) -> Feature? {
        allCases.first { feature in
            feature.namespaces.contains { nsid.utf8.starts(with: $0.utf8) }
        }
    }
}
