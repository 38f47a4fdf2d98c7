import Answers
import CapClient
import CapabilityGraph
import Multiformats
import Storage
import UCAN

/// Reads a database file, also beside the service that writes it; whoever may read the file sees everything in it.
struct DatabaseSource: AuthoritySource {
    let now: Timestamp
    let space: String?
    let invoker: DID?
    /// What the invoker rests on, as it would say to a service.
    private let proofs: [Multihash]
    private let snapshot: Snapshot
    private let tokens: TokenReader

    /// Opens the file and rebuilds the graph from its log.
    init(_ path: String, _ arguments: Arguments, _ process: ProcessEnvironment) throws(CommandError) {
        let home = try process.homeFolder()
        let context = try ContextStore(home: home).context(named: arguments[StandardOptions.context])
        now = Timestamp(microseconds: process.now)
        space = arguments[SigningOptions.space] ?? context?.space
        invoker = try (arguments[StandardOptions.key] ?? context?.key).map { name throws(CommandError) in
            try SigningKey(KeyStore(home: home).load(name)).did
        }
        var proofs: [Multihash] = []
        for text in arguments.all(SigningOptions.proof) { proofs.append(try CIDText.parse(text).hash) }
        self.proofs = proofs
        do {
            let families = try Families.standard()
            let opened = try GraphStore.openForReading(path: path, families: families)
            snapshot = opened.snapshot
            tokens = opened.tokens
        } catch {
            throw CommandError(ofFile: error)
        }
    }

    func list(_ question: ListQuestion) throws(CommandError) -> DelegationPage {
        guard !question.isAboutAccount else {
            throw .usage("`--account` asks a service, not a database file", hint: "`--space ID` in place of it")
        }
        let text = try requireSpace()
        do {
            let space = try snapshot.families.space(text)
            var query = ListQuery(space: space, asker: try who(question, space))
            query.direction = ListQuery.Direction(rawValue: question.direction.rawValue) ?? .all
            query.path = question.path
            if !question.abilities.isEmpty { query.abilities = try question.abilities.map { try Ability($0) } }
            let statuses = question.statuses.compactMap { ListQuery.Status(rawValue: $0) }
            if !statuses.isEmpty { query.statuses = Set(statuses) }
            let cursor = try question.cursor.map { try ListCursor($0) }
            let page = try snapshot.listPage(query, after: cursor, limit: question.limit, now: now)
            var answer = ListAnswer(answer, page: page)
            return try DelegationPage(answer.rest())
        } catch {
            throw CommandError(ofFile: error)
        }
    }

    func chain(_ cid: CID) throws(CommandError) -> DelegationChain {
        guard let leaf = snapshot.edge(cid.hash) else {
            throw CommandError(.notFound, "no delegation `\(cid.text)`")
        }
        guard let chain = snapshot.chain(of: leaf) else {
            throw CommandError(
                .undetermined, "`\(cid.text)` rests on more delegations than the limits allow to look at")
        }
        do {
            var answer = ListAnswer(answer, chain: chain)
            return try DelegationChain(answer.rest())
        } catch {
            throw CommandError(ofFile: error)
        }
    }

    func check(_ question: DecisionQuestion) throws(CommandError) -> AuthorizeAnswer {
        do {
            let at = question.at ?? now
            let check = CheckQuestion(
                principal: question.principal,
                ability: try Ability(question.ability),
                resource: try snapshot.families.resource(question.resource),
                context: try question.context.map { try snapshot.families.context($0) }
            )
            var json = JSONWriter()
            json.beginObject()
            let decision = snapshot.answer(check, at: at)
            DecisionAnswer(snapshot: snapshot, now: at).writeMembers(decision, principal: check.principal, into: &json)
            json.key("revision")
            json.int(snapshot.revision)
            if question.wantsExplanation {
                json.key("explain")
                ExplanationAnswer(snapshot: snapshot, now: at).write(snapshot.explain(check, at: at), into: &json)
                QuestionAnswer.writeWhy(check, decision, in: snapshot, at: at, for: .reader, into: &json)
            }
            json.endObject()
            return try AuthorizeAnswer(json.bytes)
        } catch {
            throw CommandError(ofFile: error)
        }
    }

    func ask(_ question: AuthorityQuestion) throws(CommandError) -> JSON {
        do {
            let at = question.at ?? now
            let cursor = try question.cursor.map { try QuestionCursor($0) }
            let bytes: [UInt8]
            switch question.kind {
            case .whoCan(let ability, let resource, let kinds):
                var asked = WhoCanQuestion(
                    ability: try Ability(ability), resource: try snapshot.families.resource(resource))
                if !kinds.isEmpty { asked.kinds = Set(kinds.compactMap(PrincipalKind.init(rawValue:))) }
                asked.context = try question.context.map { try snapshot.families.context($0) }
                asked.contextText = question.context.map { String(decoding: $0.serialized(), as: UTF8.self) }
                let page = try snapshot.whoCan(asked, after: cursor, limit: question.limit, now: at)
                bytes = QuestionAnswer.whoCan(page, in: snapshot.asOf(page.revision), readerOf: nil)
            case .whatCan(let principal, let ability, let withPublic, let isMaximal):
                var asked = WhatCanQuestion(principal: principal)
                asked.space = try question.space.map { try snapshot.families.space($0) }
                asked.ability = try ability.map { try Ability($0) }
                asked.withPublic = withPublic
                guard !withPublic || asked.space != nil else {
                    throw CommandError(
                        .usage, "`--public` needs a space", hint: "what everybody may is said of one: add --space")
                }
                asked.isMaximal = isMaximal
                let page = try snapshot.whatCan(asked, after: cursor, limit: question.limit, now: at)
                bytes = QuestionAnswer.whatCan(page, in: snapshot.asOf(page.revision), readerOf: nil)
            case .path(let giver, let holder, let all):
                let paths = snapshot.paths(
                    from: giver, to: holder, in: try question.space.map { try snapshot.families.space($0) }, all: all,
                    at: at)
                bytes = QuestionAnswer.paths(paths, in: snapshot, at: at, readerOf: nil)
            case .whatIf(let changes):
                let asked = WhatIfQuestion(
                    try WhatIfAnswer.changes(.array(changes), snapshot.families),
                    unit: try question.space.map { try snapshot.families.space($0) })
                let page = try snapshot.whatIf(asked, after: cursor, limit: question.limit, now: at)
                bytes = WhatIfAnswer.write(page, in: snapshot.asOf(page.revision))
            }
            return try JSON.parse(bytes, limits: JSONLimits(maxBytes: bytes.count, maxDepth: 64, maxMembers: 4_000_000))
        } catch {
            throw CommandError(ofFile: error)
        }
    }

    func status(_ cid: CID) throws(CommandError) -> DelegationStatus {
        let status = snapshot.edge(cid.hash).map { snapshot.status(of: $0, at: now) }
        let word: String
        switch status {
        case .active?: word = "active"
        case .revoked?: word = "revoked"
        case .expired?: word = "expired"
        case .pending?, .undetermined?: word = "unavailable"
        case nil: word = "not_found"
        }
        return DelegationStatus(cid: cid.text, status: word)
    }

    private var answer: DelegationAnswer {
        DelegationAnswer(snapshot: snapshot, tokens: tokens, viewer: .operator, now: now)
    }

    /// Names whose delegations `created` and `received` mean.
    private func who(_ question: ListQuestion, _ space: Space) throws(CommandError) -> AskerIdentity {
        guard let did = invoker ?? (question.direction == .all ? space.owner : nil) else {
            throw .usage("created or received by whom", hint: "`--key KEY` names who asks")
        }
        do throws(GraphError) {
            return try snapshot.asker(invoker: did, proofs: proofs, at: now)
        } catch {
            throw CommandError(ofFile: error)
        }
    }
}

extension CommandError {
    /// Words why a database file gave no answer.
    init(ofFile error: any Error) {
        switch error {
        case let error as CommandError: self = error
        case let error as StorageError:
            self.init(error.code == .notFound ? .notFound : .failure, error.message, hint: error.hint)
        case let error as GraphError: self.init(.usage, error.message)
        case let error as ClientError: self.init(error)
        default: self.init(.failure, "the database file cannot be read")
        }
    }
}
