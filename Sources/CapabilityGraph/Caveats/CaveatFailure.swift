/// Names why caveats are not contained in others or not met by a use, by a text that never changes; each family has its
/// own beside these.
public struct CaveatFailure: Error, Sendable, Hashable {
    public let text: String
    /// The member of a question's context without which nothing can be said; nil where nothing is missing.
    public let missing: String?

    public init(_ text: StaticString, missing: StaticString? = nil) {
        self.text = "\(text)"
        self.missing = missing.map { "\($0)" }
    }

    public static let malformed = CaveatFailure("containment-sql-caveat-malformed")
    public static let different = CaveatFailure("containment-caveat-mismatch")
    /// Of a use that this host is to carry out under a caveat whose meaning nobody here knows.
    public static let unjudged = CaveatFailure("caveat-not-judged-here")

    /// The cause of a denial for which a use is outside its caveats.
    var cause: Denial.Cause { missing.map { .missingContext([$0]) } ?? .caveatFailed(reason: text) }
}
