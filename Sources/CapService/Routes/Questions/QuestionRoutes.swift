import Answers
import CapabilityGraph
import Multiformats
import Storage
import UCAN

/// Who can, what can and by which way: questions about whatever family, asked with an invocation as `/authorize` is.
extension Service {
    /// POST /questions/who-can: `{ability, resource, context?, kinds?, at?, limit?, cursor?}` → `QuestionAnswer.whoCan`.
    ///
    /// For who may read the unit: a named service, who manages or controls it, and who invokes `tinycloud.capabilities/read`
    /// on it.
    func whoCan(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let snapshot = try self.snapshot()
        let body = try QuestionBody(
            request, ["ability", "resource", "context", "kinds", "at", "limit", "cursor"], store.families)
        let party = try askingParty(request, snapshot, at: now)
        // The whole question is read before anything is looked at.
        let (ability, resource) = (try body.ability(), try body.resource())
        var question = WhoCanQuestion(ability: ability, resource: resource, kinds: try body.kinds())
        let context = try AuthorizeQuestion.context(body.object["context"], store.families)
        let (limit, cursor) = (try body.limit(), try body.cursor())
        let at = try body.instant() ?? now
        try requireReader(party, of: resource, snapshot, at: now)
        question.context = try completed(context, (ability, resource))
        question.contextText = body.object["context"].map { String(decoding: $0.serialized(), as: UTF8.self) }
        let isService = if case .service = party { true } else { false }
        let (asked, maxBytes) = (question, settings.maxPageBytes)
        try answer.finish(on: questions) { () throws(ErrorAnswer) in
            let page = try QuestionBody.ofGraph { () throws(GraphError) in
                try snapshot.whoCan(asked, after: cursor, limit: limit, maxBytes: maxBytes, now: at)
            }
            return .json(
                QuestionAnswer.whoCan(
                    page, in: snapshot.asOf(page.revision), readerOf: isService ? nil : resource.space))
        }
    }

    /// POST /questions/what-can: `{principal?, space?, ability?, public?, maximal?, at?, limit?, cursor?}` →
    /// `QuestionAnswer.whatCan`. About itself everybody may ask; about others who may read `space`. What everybody may is said
    /// of one space, to who may know of it.
    func whatCan(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let snapshot = try self.snapshot()
        let body = try QuestionBody(
            request, ["principal", "space", "ability", "public", "maximal", "at", "limit", "cursor"], store.families)
        let party = try askingParty(request, snapshot, at: now)
        let space = try body.space()
        let principal = try principal(body, "principal", party, snapshot)
        var question = WhatCanQuestion(principal: principal, space: space)
        question.ability = try body.optionalAbility()
        question.withPublic = try body.flag("public")
        guard !question.withPublic || space != nil else {
            throw AuthorizeQuestion.malformed("`public` needs a `space`: what everybody may is said of one")
        }
        question.isMaximal = try body.flag("maximal")
        let (limit, cursor) = (try body.limit(), try body.cursor())
        let at = try body.instant() ?? now
        let isOwn = try requireSelf(party, principal, orReaderOf: space, snapshot, at: now)
        // What everybody may in a space says that the space is there (design law 9).
        if case .invoker(let asking) = party, let space, !snapshot.mayKnow(asking.invoker, of: space, at: now) {
            question.withPublic = false
        }
        let (asked, maxBytes) = (question, settings.maxPageBytes)
        try answer.finish(on: questions) { () throws(ErrorAnswer) in
            let page = try QuestionBody.ofGraph { () throws(GraphError) in
                try snapshot.whatCan(asked, after: cursor, limit: limit, maxBytes: maxBytes, now: at)
            }
            return .json(
                QuestionAnswer.whatCan(page, in: snapshot.asOf(page.revision), readerOf: isOwn ? nil : space))
        }
    }

    /// POST /questions/path: `{from, to?, space?, all?, at?}` → `QuestionAnswer.paths`. Everybody may ask how it came to what
    /// it holds itself; about others who may read `space`.
    func path(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let snapshot = try self.snapshot()
        let body = try QuestionBody(request, ["from", "to", "space", "all", "at"], store.families)
        let party = try askingParty(request, snapshot, at: now)
        let space = try body.space()
        guard body.object["from"] != nil else { throw AuthorizeQuestion.malformed("`from` is missing") }
        let giver = try principal(body, "from", party, snapshot)
        let holder = try principal(body, "to", party, snapshot)
        let at = try body.instant() ?? now
        let all = try body.flag("all")
        let isOwn = try requireSelf(party, holder, orReaderOf: space, snapshot, at: now)
        try answer.finish(on: questions) { () throws(ErrorAnswer) in
            let paths = snapshot.paths(from: giver, to: holder, in: space, all: all, at: at)
            return .json(QuestionAnswer.paths(paths, in: snapshot, at: at, readerOf: isOwn ? nil : space))
        }
    }

    /// POST /questions/whatif: `{changes, space, at?, limit?, cursor?}` → `WhatIfAnswer.write`. Nothing is changed.
    ///
    /// For who may read `space`, as `whoCan`.
    func whatIf(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let snapshot = try self.snapshot()
        let body = try QuestionBody(request, ["changes", "space", "at", "limit", "cursor"], store.families)
        let party = try askingParty(request, snapshot, at: now)
        guard let space = try body.space() else { throw AuthorizeQuestion.malformed("`space` is missing") }
        let changes = try QuestionBody.ofGraph { () throws(GraphError) in
            try WhatIfAnswer.changes(body.object["changes"], store.families)
        }
        let (limit, cursor) = (try body.limit(), try body.cursor())
        let at = try body.instant() ?? now
        try requireReader(party, of: Resource(space: space), snapshot, at: now)
        var question = WhatIfQuestion(changes, unit: space)
        if case .invoker(let asking) = party { question.asker = (asking.invoker, asking.proofs) }
        let (asked, maxBytes) = (question, settings.maxPageBytes)
        try answer.finish(on: questions) { () throws(ErrorAnswer) in
            let page = try QuestionBody.ofGraph { () throws(GraphError) in
                try snapshot.whatIf(asked, after: cursor, limit: limit, maxBytes: maxBytes, now: at)
            }
            return .json(WhatIfAnswer.write(page, in: snapshot.asOf(page.revision)))
        }
    }

    /// The principal that a member names; without it whoever asks.
    private func principal(
        _ body: QuestionBody, _ name: String, _ party: AskingParty, _ snapshot: Snapshot
    ) throws(ErrorAnswer) -> DID {
        if let named = try body.principal(name) { return snapshot.principal(named: named) }
        switch party {
        case .invoker(let question): return question.invoker
        case .service: throw AuthorizeQuestion.malformed("`\(name)` is missing")
        case .anonymous: throw Self.unsigned
        }
    }

    /// True where the asker asks about itself; throws for one that asks about others and may not.
    private func requireSelf(
        _ party: AskingParty, _ principal: DID, orReaderOf space: Space?, _ snapshot: Snapshot, at now: Timestamp
    ) throws(ErrorAnswer) -> Bool {
        switch party {
        case .service: return true
        case .anonymous: throw Self.unsigned
        case .invoker(let question):
            if question.invoker == principal { return true }
            guard let space, mayRead(party, unitOf: Resource(space: space), snapshot, at: now) else {
                throw Self.notAuthorizedToAsk
            }
            return false
        }
    }

    private func requireReader(
        _ party: AskingParty, of resource: Resource, _ snapshot: Snapshot, at now: Timestamp
    ) throws(ErrorAnswer) {
        if case .anonymous = party { throw Self.unsigned }
        guard mayRead(party, unitOf: resource, snapshot, at: now) else { throw Self.notAuthorizedToAsk }
    }

    private static let unsigned = ErrorAnswer(
        401, "missingAuthorization", "a question about authority needs an invocation in `Authorization`", form: .json)
    private static let notAuthorizedToAsk = ErrorAnswer(
        403, "notAuthorizedToAsk", "asking about others needs `tinycloud.capabilities/read` on the space", form: .json)
}
