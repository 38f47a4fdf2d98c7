import Answers
import CapabilityGraph
import Multiformats
import Spaces
import Storage
import UCAN

/// One question of `/authorize`, read from JSON.
struct AuthorizeQuestion: Sendable {
    enum Subject: Sendable {
        case principal(DID)
        case invocation(UnverifiedToken)
    }

    var subject: Subject
    /// Nil only with an invocation, where everything it invokes is meant.
    var wanted: (ability: Ability, resource: Resource)?
    var context: CheckContext?
    var at: Timestamp?
    var wantsExplanation: Bool

    init(
        subject: Subject, wanted: (ability: Ability, resource: Resource)?, context: CheckContext?, at: Timestamp?,
        wantsExplanation: Bool
    ) {
        self.subject = subject
        self.wanted = wanted
        self.context = context
        self.at = at
        self.wantsExplanation = wantsExplanation
    }

    private static let members: Set<String> = [
        "principal", "invocation", "ability", "resource", "context", "time", "at", "explain",
    ]

    /// `keys` gives those of issuers that are not keys themselves, as far as they are at hand.
    init(_ json: JSON, _ limits: TokenLimits, keys: IssuerKeys, _ families: Families) throws(ErrorAnswer) {
        guard case .object(let object) = json else { throw Self.malformed("a question is a JSON object") }
        for member in object.members where !Self.members.contains(member.key) {
            throw Self.malformed("unknown member `\(member.key.prefix(64))`")
        }
        switch (object["principal"], object["invocation"]) {
        case (let text?, nil):
            guard let did = text.string.flatMap({ try? families.principal($0) }) else {
                throw Self.malformed("`principal` names no principal")
            }
            subject = .principal(did)
        case (nil, let text?):
            guard let text = text.string else { throw Self.malformed("`invocation` is not a token") }
            do throws(UCANError) {
                subject = .invocation(
                    try UnverifiedToken.decode(authorization: text.utf8, limits: limits, keys: keys))
            } catch {
                throw Self.malformed("`invocation` is not a token: \(error.message)")
            }
        default: throw Self.malformed("give either `principal` or `invocation`")
        }
        switch (object["ability"], object["resource"]) {
        case (nil, nil):
            guard case .invocation = subject else { throw Self.malformed("`ability` and `resource` are missing") }
        case (let ability?, let resource?):
            guard let ability = ability.string.flatMap({ try? Ability($0) }) else {
                throw Self.malformed("`ability` is not an ability")
            }
            guard let resource = resource.string.flatMap({ try? families.resource($0) }) else {
                throw Self.malformed("`resource` is not a resource")
            }
            wanted = (ability, resource)
        default: throw Self.malformed("`ability` and `resource` go together")
        }
        context = try Self.context(object["context"], families)
        at = try Self.time(object["time"] ?? object["at"])
        switch object["explain"] {
        case nil: wantsExplanation = false
        case .bool(let wants)?: wantsExplanation = wants
        default: throw Self.malformed("`explain` is not true or false")
        }
    }

    static func context(_ json: JSON?, _ families: Families) throws(ErrorAnswer) -> CheckContext? {
        guard let json, !json.isNull else { return nil }
        do throws(GraphError) {
            let context = try families.context(json)
            return context.isEmpty ? nil : context
        } catch {
            throw malformed(error.message)
        }
    }

    static func time(_ json: JSON?) throws(ErrorAnswer) -> Timestamp? {
        switch json {
        case nil, .null?: return nil
        case .string(let text)?:
            guard let time = try? Timestamp.parse(text) else { throw malformed("`time` is not RFC 3339") }
            return time
        case .number(let number)?:
            // The range in which a token may name a time, so that differences of two never overflow.
            guard let value = number.decimal(scale: 6, rounding: .down), abs(value / 4) < 1 << 56 else {
                throw malformed("`time` is out of range")
            }
            return Timestamp(microseconds: value)
        default: throw malformed("`time` is neither RFC 3339 nor seconds since 1970")
        }
    }

    static func malformed(_ text: String) -> ErrorAnswer {
        ErrorAnswer(400, "malformedQuestion", text, form: .json)
    }
}

extension Service {
    /// POST /authorize: answers one question, or `{"checks":[…]}`, with decision, cause, chain and revision.
    func authorize(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let snapshot = try self.snapshot()
        let json: JSON
        do throws(MultiformatsError) {
            json = try JSON.parse(request.body)
        } catch {
            throw AuthorizeQuestion.malformed("the body is not strict JSON: \(error.message)")
        }
        let party = try askingParty(request, snapshot, at: now)
        let isBatch = json["checks"] != nil
        var questions: [AuthorizeQuestion] = []
        if let checks = json["checks"] {
            guard let list = checks.array, json.object?.count == 1 else {
                throw AuthorizeQuestion.malformed("a batch is an object with `checks`, an array, and nothing else")
            }
            guard list.count <= settings.maxBatchQuestions else {
                throw AuthorizeQuestion.malformed("a batch has at most \(settings.maxBatchQuestions) questions")
            }
            // Every question is read before any is answered.
            for item in list { questions.append(try question(item)) }
            // An explanation may be as large as the walk behind it.
            guard questions.count(where: \.wantsExplanation) <= 10 else {
                throw AuthorizeQuestion.malformed("a batch explains at most 10 of its questions")
            }
        } else {
            questions = [try question(json)]
        }
        let asked = questions
        guard asked.contains(where: \.wantsExplanation) else {
            return answer.send(try decisions(asked, isBatch: isBatch, party, snapshot, at: now))
        }
        try answer.finish(on: self.questions) { () throws(ErrorAnswer) in
            try self.decisions(asked, isBatch: isBatch, party, snapshot, at: now)
        }
    }

    private func decisions(
        _ questions: [AuthorizeQuestion], isBatch: Bool, _ party: AskingParty, _ snapshot: Snapshot, at now: Timestamp
    ) throws(ErrorAnswer) -> HTTPResponse {
        var writer = JSONWriter(reserving: 2048)
        guard isBatch else {
            for question in questions { try write(question, party, snapshot, at: now, into: &writer) }
            return .json(writer.bytes)
        }
        writer.beginObject()
        writer.key("decisions")
        writer.beginArray()
        for question in questions { try write(question, party, snapshot, at: now, into: &writer) }
        writer.endArray()
        writer.key("revision")
        writer.int(snapshot.revision)
        writer.endObject()
        return .json(writer.bytes)
    }

    private func question(_ json: JSON) throws(ErrorAnswer) -> AuthorizeQuestion {
        try AuthorizeQuestion(json, settings.tokens, keys: rememberedKey, store.families)
    }

    private func write(
        _ question: AuthorizeQuestion, _ party: AskingParty, _ snapshot: Snapshot, at now: Timestamp,
        into json: inout JSONWriter
    ) throws(ErrorAnswer) {
        let (decision, principal, invocation) = try decide(question, party, snapshot, at: now)
        let at = question.at ?? now
        let id = DecisionID()
        json.beginObject()
        DecisionAnswer(snapshot: snapshot, now: at).writeMembers(decision, principal: principal, into: &json)
        json.key("revision")
        json.int(snapshot.revision)
        json.key("decisionId")
        json.string(id.description)
        if question.wantsExplanation, let wanted = question.wanted {
            json.key("explain")
            let check = CheckQuestion(
                principal: principal, ability: wanted.ability, resource: wanted.resource, context: question.context)
            var explanation = snapshot.explain(check, at: at)
            if let asker = asker(party, question, about: principal) {
                explanation = snapshot.told(explanation, on: wanted.resource, to: asker, at: now)
            }
            if case .invocation = question.subject {
                // Whoever shows an invocation asks about that invocation: what else the invoker holds is not shown,
                // and nothing at all when the token does not hold.
                let cited = invocation?.proofs.compactMap { snapshot.edge($0) } ?? []
                explanation.candidates.removeAll { !cited.contains($0.edge) }
            }
            if case .principal = question.subject {
                let viewer = viewer(party, of: wanted.resource, about: principal, snapshot, at: now)
                explanation = snapshot.told(explanation, to: viewer)
                ExplanationAnswer(snapshot: snapshot, now: at).write(explanation, into: &json)
                var asked = check
                asked.context = try completed(question.context, wanted)
                QuestionAnswer.writeWhy(asked, decision, in: snapshot, at: at, for: viewer, into: &json)
            } else {
                ExplanationAnswer(snapshot: snapshot, now: at).write(explanation, into: &json)
            }
        }
        json.endObject()
        log.debug("decided", [("decision", .text(id.description)), ("answer", .text(decision.name))])
    }

    /// Answers one question for a party, or throws when the party may not ask it; gives the principal it is about, and
    /// the invocation when the question carried one that holds.
    func decide(
        _ question: AuthorizeQuestion, _ party: AskingParty, _ snapshot: Snapshot, at now: Timestamp
    ) throws(ErrorAnswer) -> (Decision, DID, InvocationQuestion?) {
        switch question.subject {
        case .principal(let name):
            let principal = snapshot.principal(named: name)
            guard let wanted = question.wanted else { throw AuthorizeQuestion.malformed("`ability` is missing") }
            guard mayAsk(party, about: principal, wanted.resource, snapshot, at: now) else {
                if case .anonymous = party {
                    throw ErrorAnswer(
                        401, "missingAuthorization",
                        "asking about a principal needs an invocation in `Authorization`", form: .json)
                }
                throw ErrorAnswer(
                    403, "notAuthorizedToAsk",
                    "asking about another principal needs `tinycloud.capabilities/read` on the resource's space",
                    form: .json)
            }
            let check = CheckQuestion(
                principal: principal, ability: wanted.ability, resource: wanted.resource,
                context: try completed(question.context, wanted))
            let decision = snapshot.answer(check, at: question.at ?? now)
            guard let asker = asker(party, question, about: principal) else { return (decision, principal, nil) }
            return (snapshot.told(decision, on: wanted.resource, to: asker, at: now), principal, nil)
        case .invocation(let token):
            let at = question.at ?? now
            let invocation: InvocationQuestion
            do throws(ErrorAnswer) {
                invocation = try verifiedInvocation(token, at: at, isCounted: false).question
            } catch {
                // A token that does not hold is a denial, not a failure to answer; a malformed one was refused before.
                guard error.status == 401 else { throw error }
                return (
                    .deny(
                        Denial(
                            cause: .invalidInvocation(reason: error.reason, text: error.explanation ?? error.text),
                            edge: nil)),
                    token.issuer, nil
                )
            }
            var decision = try decision(on: invocation, question, snapshot, at: at)
            if let asker = asker(party, question, about: invocation.invoker) {
                let resources = question.wanted.map { [$0.resource] } ?? invocation.capabilities.map(\.resource)
                for resource in resources { decision = snapshot.told(decision, on: resource, to: asker, at: now) }
            }
            return (decision, invocation.invoker, invocation)
        }
    }

    /// Whom an answer is kept from where it is about a space that this one may not know of: whom it is about. Nil for a
    /// service, and for who may ask about others (`mayAsk`), who are told everything.
    private func asker(_ party: AskingParty, _ question: AuthorizeQuestion, about principal: DID) -> DID? {
        switch (party, question.subject) {
        case (.service, _): nil
        case (.invoker(let asking), .principal) where asking.invoker != principal: nil
        case (.invoker, _), (.anonymous, _): principal
        }
    }

    /// What an invocation is answered: about the use that is asked for, or about all that it names.
    private func decision(
        on invocation: InvocationQuestion, _ question: AuthorizeQuestion, _ snapshot: Snapshot, at now: Timestamp
    ) throws(ErrorAnswer) -> Decision {
        if let wanted = question.wanted {
            let context = try completed(question.context, wanted)
            return snapshot.answer(invocation, wanted: wanted, context: context, at: now)
        }
        let decision = snapshot.answer(invocation, wanted: nil, context: question.context, at: now)
        guard decision.isAllowed else { return decision }
        for capability in invocation.capabilities {
            let wanted = (ability: capability.ability, resource: capability.resource)
            let context = try completed(question.context, wanted)
            guard context != question.context else { continue }
            let one = snapshot.answer(invocation, wanted: wanted, context: context, at: now)
            guard one.isAllowed else { return one }
        }
        return decision
    }

    /// The context of a question with what this host alone knows of it.
    func completed(
        _ context: CheckContext?, _ wanted: (ability: Ability, resource: Resource)
    ) throws(ErrorAnswer) -> CheckContext? {
        do {
            return try spaces.gate.completed(context, of: wanted.ability, on: wanted.resource)
        } catch let error as StorageError {
            throw ErrorAnswer(.storage(error))
        } catch {
            throw ErrorAnswer(500, "internal", "the service cannot tell of the space", form: .json, detail: "\(error)")
        }
    }
}
