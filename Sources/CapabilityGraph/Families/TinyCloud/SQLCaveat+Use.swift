import Multiformats

extension SQLCaveat {
    public func failure(_ use: CaveatUse, _ families: Families) -> CaveatFailure? {
        guard let statement = use.context?.statement else { return .statementMissing }
        return failure(using: statement)
    }

    /// Returns why one use is not among those allowed, or nil when it is.
    ///
    /// 1. the caveat is read-only; 2. the use names a statement; 3. the caveat lists it; 4. its text is one read;
    /// 5. no pinned position is supplied, not even with the pinned value; 6. every value is a primitive;
    /// 7. no text among the values looks like an escape, though values are bound and never spliced.
    func failure(using use: StatementUse) -> CaveatFailure? {
        guard readOnly else { return .nonReadOnly }  // step 1
        let name: String
        let parameters: [Int64: JSON]
        switch use {  // step 2
        case .named(let text, let values): (name, parameters) = (text, values)
        case .query: return .rawQueryBlocked
        case .execute: return .rawExecuteBlocked
        case .batch: return .batchBlocked
        case .export: return .exportBlocked
        }
        guard let statement = statements.first(where: { $0.name.utf8.elementsEqual(name.utf8) }) else {
            return .statementNotAllowed  // step 3
        }
        if let failure = SQLText(statement.sql).failure { return failure }  // step 4
        for pinned in statement.fixed {
            if parameters[pinned.index] != nil { return .fixedParameterOverride }  // step 5
            if !Self.isPrimitive(pinned.value) { return .nonPrimitiveBind }  // step 6
        }
        // In order of position, so that one use always fails for one reason.
        for (_, value) in parameters.sorted(by: { $0.key < $1.key }) {
            guard Self.isPrimitive(value) else { return .nonPrimitiveBind }  // step 6
            if case .string(let text) = value, SQLText(text).looksLikeEscape { return .escapeBlocked }  // step 7
        }
        return nil
    }

    private static func isPrimitive(_ value: JSON) -> Bool {
        switch value {
        case .null, .bool, .number, .string: true
        case .array, .object: false
        }
    }
}

extension CaveatFailure {
    public static let caveatRequired = CaveatFailure("containment-caveat-required")
    public static let nonReadOnly = CaveatFailure("sql-non-readonly-not-permitted")
    public static let statementAdded = CaveatFailure("containment-sql-statement-added")
    public static let statementChanged = CaveatFailure("containment-sql-statement-mismatch")
    public static let fixedParameterDropped = CaveatFailure("containment-sql-fixed-param-dropped")
    public static let fixedParameterChanged = CaveatFailure("containment-sql-fixed-param-mismatch")

    // Of one use under constrained statements.
    public static let statementMissing = CaveatFailure("sql-statement-not-given", missing: "statement")
    public static let rawQueryBlocked = CaveatFailure("sql-raw-query-blocked")
    public static let rawExecuteBlocked = CaveatFailure("sql-raw-execute-blocked")
    public static let batchBlocked = CaveatFailure("sql-batch-blocked")
    public static let exportBlocked = CaveatFailure("sql-export-blocked")
    public static let statementNotAllowed = CaveatFailure("sql-statement-not-allowed")
    public static let writeBlocked = CaveatFailure("sql-write-blocked")
    public static let multipleStatementsBlocked = CaveatFailure("sql-multistatement-blocked")
    public static let nonReadBlocked = CaveatFailure("sql-non-read-blocked")
    public static let fixedParameterOverride = CaveatFailure("sql-fixed-param-override")
    public static let nonPrimitiveBind = CaveatFailure("sql-non-primitive-bind")
    public static let escapeBlocked = CaveatFailure("sql-escape-blocked")
}
