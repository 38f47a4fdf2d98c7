extension LexiconCatalog {
    /// The lexicons of `com.atproto.space.*` and `com.atproto.simplespace.*`, with `putMember` and
    /// `notifyCredentialRevoked`; a test proves that they load.
    public static let published: LexiconCatalog = {
        let added = LexiconTexts.late.filter { !isVariant($0.file) }
        return (try? LexiconCatalog(documents(LexiconTexts.space + LexiconTexts.simpleSpace + added)))
            ?? LexiconCatalog()
    }()

    /// `published` with the space revisions of profile N in `notifyWrite` and `listRepos`.
    public static let publishedWithSpaceRevisions: LexiconCatalog = {
        let variants = LexiconTexts.late.filter { isVariant($0.file) }
        return (try? published.replacing(documents(variants))) ?? LexiconCatalog()
    }()

    private static func documents(_ texts: [(file: String, text: String)]) throws(ATProtoError) -> [LexiconDocument] {
        var documents: [LexiconDocument] = []
        for text in texts { documents.append(try LexiconDocument(text: Array(text.text.utf8))) }
        return documents
    }

    private static func isVariant(_ file: String) -> Bool { file.hasSuffix(".space-rev.json") }
}
