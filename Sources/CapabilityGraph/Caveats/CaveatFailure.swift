/// Names why caveats are not contained in others or not met by a use; the raw values are the reference's texts.
public enum CaveatFailure: String, Error, Sendable, Hashable, CaseIterable {
    case selectorNotContained = "selector-caveat-not-contained"
    case caveatRequired = "containment-caveat-required"
    case nonReadOnly = "sql-non-readonly-not-permitted"
    case statementAdded = "containment-sql-statement-added"
    case statementChanged = "containment-sql-statement-mismatch"
    case fixedParameterDropped = "containment-sql-fixed-param-dropped"
    case fixedParameterChanged = "containment-sql-fixed-param-mismatch"
    case malformed = "containment-sql-caveat-malformed"
    case different = "containment-caveat-mismatch"

    /// Of a use that this host is to carry out under a caveat whose meaning nobody here knows.
    case unjudged = "caveat-not-judged-here"

    // Of one use of a permissioned space.
    case clientMissing = "client-not-given"
    case clientDenied = "client-denied"
    case admissionMissing = "managing-app-not-asked"
    case notAdmitted = "managing-app-refused"
    case collectionNotTaken = "collection-not-taken"

    // Of one use under constrained statements.
    case statementMissing = "sql-statement-not-given"
    case rawQueryBlocked = "sql-raw-query-blocked"
    case rawExecuteBlocked = "sql-raw-execute-blocked"
    case batchBlocked = "sql-batch-blocked"
    case exportBlocked = "sql-export-blocked"
    case statementNotAllowed = "sql-statement-not-allowed"
    case writeBlocked = "sql-write-blocked"
    case multipleStatementsBlocked = "sql-multistatement-blocked"
    case nonReadBlocked = "sql-non-read-blocked"
    case fixedParameterOverride = "sql-fixed-param-override"
    case nonPrimitiveBind = "sql-non-primitive-bind"
    case escapeBlocked = "sql-escape-blocked"

    /// The member of a question's context without which nothing can be said; nil where nothing is missing.
    public var missing: String? {
        switch self {
        case .statementMissing: "statement"
        case .clientMissing: "client"
        case .admissionMissing: "managingApp"
        default: nil
        }
    }

    /// The cause of a denial for which a use is outside its caveats.
    var cause: Denial.Cause { missing.map { .missingContext([$0]) } ?? .caveatFailed(reason: rawValue) }
}
