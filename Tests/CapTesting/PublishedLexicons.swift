public import ATProto
public import Multiformats

extension LexiconCatalog {
    /// The published lexicons of `com.atproto.space.*` and `com.atproto.simplespace.*`, with what came later.
    public static let published = catalog { !$0.hasSuffix(".space-rev.json") }

    /// `published` with the space revisions of profile N in `notifyWrite` and `listRepos`.
    public static let publishedWithSpaceRevisions = catalog { name in
        name.hasSuffix(".space-rev.json") || !names.contains(name.replacing(".json", with: ".space-rev.json"))
    }

    /// Files of the published lexicons, below `fixtures/`.
    public static let publishedFiles = ["lexicons/space", "lexicons/simplespace", "lexicons-late"].flatMap { folder in
        Fixture.names(in: "vectors/atproto/\(folder)").map { "vectors/atproto/\(folder)/\($0)" }
    }

    private static let names = Set(publishedFiles.map(fileName))

    private static func fileName(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

    private static func catalog(_ isWanted: (String) -> Bool) -> LexiconCatalog {
        let files = publishedFiles.filter { isWanted(fileName($0)) }
        do {
            return try LexiconCatalog(files.map { try LexiconDocument(text: Fixture.bytes($0)) })
        } catch {
            fatalError("the published lexicons do not load: \(error)")
        }
    }

    /// Checks the JSON body of a procedure; a method that is not published takes anything.
    public func validateInput(_ body: JSON?, of nsid: String) throws(ATProtoError) {
        try validate(body, method(nsid)?.input, "input")
    }

    /// Checks the JSON body of an answer; nil is no body.
    public func validateOutput(_ body: JSON?, of nsid: String) throws(ATProtoError) {
        try validate(body, method(nsid)?.output, "output")
    }

    private func validate(_ body: JSON?, _ expected: LexiconMethod.Body?, _ name: String) throws(ATProtoError) {
        guard let schema = expected?.schema else { return }
        guard let body else { throw ATProtoError("InvalidRequest", "`\(name)` is missing") }
        try validate(body, as: schema, named: name)
    }
}
