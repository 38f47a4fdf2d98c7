public import Multiformats

// Every refusal is `InvalidRequest`; its message begins with the path to the value that is wrong, such as
// `input/writes/3/rkey`. The work is linear in the size of the value: no value is tried against two schemas.
extension LexiconCatalog {
    /// Says whether a record's lexicon was there to check it (atproto-spaces.md 7).
    public enum RecordStatus: String, Sendable {
        case valid
        case unknown
    }

    /// Checks the JSON body of a procedure; a method that is not here takes anything.
    public func validateInput(_ body: JSON?, of nsid: String) throws(ATProtoError) {
        guard let method = method(nsid) else { return }
        try validate(body, method.input, "input")
    }

    /// Checks the JSON body of an answer; nil is no body.
    public func validateOutput(_ body: JSON?, of nsid: String) throws(ATProtoError) {
        guard let method = method(nsid) else { return }
        try validate(body, method.output, "output")
    }

    private func validate(_ body: JSON?, _ expected: LexiconMethod.Body?, _ name: String) throws(ATProtoError) {
        guard let schema = expected?.schema else { return }
        guard let body else { throw ATProtoError("InvalidRequest", "`\(name)` is missing") }
        var validator = LexiconValidator(self, at: name)
        try validator.check(body, schema)
    }

    /// Checks a record and its key. Without its lexicon the status is `unknown`, which is refused if `isRequired`.
    public func validateRecord(
        _ record: JSON, collection: String, rkey: String, isRequired: Bool = false
    ) throws(ATProtoError) -> RecordStatus {
        guard let known = self.record(collection) else {
            guard !isRequired else {
                throw ATProtoError("InvalidRequest", "the lexicon of `\(collection)` is not known here")
            }
            return .unknown
        }
        guard let type = record["$type"]?.string, UTF8Bytes.equal(type, collection) else {
            throw ATProtoError("InvalidRequest", "`record/$type` must be `\(collection)`")
        }
        guard known.key.accepts(rkey) else {
            throw ATProtoError("InvalidRequest", "`rkey` must be \(known.key.noun)")
        }
        var validator = LexiconValidator(self, at: "record")
        try validator.check(record, .object(known.schema))
        return .valid
    }

    /// Checks a value against a definition that is an object, a record or another schema.
    public func validate(_ value: JSON, as reference: LexiconReference) throws(ATProtoError) {
        var validator = LexiconValidator(self, at: "value")
        try validator.check(value, .reference(reference))
    }

    /// Checks the parameters of a call as the query string holds them; undeclared ones are allowed.
    public func validateParameters(
        _ fields: [(name: String, value: String)], of nsid: String
    ) throws(ATProtoError) {
        guard let method = method(nsid) else { return }
        for property in method.parameters?.properties ?? [] {
            let values = fields.filter { UTF8Bytes.equal($0.name, property.name) }.map(\.value)
            var validator = LexiconValidator(self, at: "parameters")
            try validator.checkParameter(values, property)
        }
    }
}

extension LexiconRecordKey {
    func accepts(_ rkey: String) -> Bool {
        switch self {
        case .tid: LexiconFormat.tid.accepts(rkey)
        case .nsid: LexiconFormat.nsid.accepts(rkey)
        case .any: LexiconFormat.recordKey.accepts(rkey)
        case .literal(let value): UTF8Bytes.equal(rkey, value)
        }
    }

    var noun: String {
        switch self {
        case .tid: LexiconFormat.tid.noun
        case .nsid: LexiconFormat.nsid.noun
        case .any: LexiconFormat.recordKey.noun
        case .literal(let value): "`\(value)`"
        }
    }
}
