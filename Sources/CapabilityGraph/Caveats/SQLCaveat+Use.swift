import Multiformats

extension SQLCaveat {
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
