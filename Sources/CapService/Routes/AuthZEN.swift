import Answers
import CapabilityGraph
import Multiformats
import Storage
import UCAN

extension Service {
    /// POST /access/v1/evaluation: one question in the shape of AuthZEN 1.0.
    func evaluation(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let snapshot = try self.snapshot()
        let body = try Self.evaluationBody(request)
        let party = try askingParty(request, snapshot, at: now)
        var json = JSONWriter()
        _ = try evaluate(body, JSONObject(), party, snapshot, at: now, into: &json)
        answer.send(.json(json.bytes))
    }

    /// POST /access/v1/evaluations: many questions, with members given once as defaults.
    func evaluations(_ request: HTTPRequest, _ answer: Answer) throws(ErrorAnswer) {
        let now = try now()
        let snapshot = try self.snapshot()
        let body = try Self.evaluationBody(request)
        let party = try askingParty(request, snapshot, at: now)
        var json = JSONWriter()
        let list: [JSON]
        switch body["evaluations"] {
        case nil, .null?: list = []
        case .array(let items)?: list = items
        default: throw AuthorizeQuestion.malformed("`evaluations` is not an array")
        }
        guard !list.isEmpty else {
            _ = try evaluate(body, JSONObject(), party, snapshot, at: now, into: &json)
            answer.send(.json(json.bytes))
            return
        }
        guard list.count <= settings.maxBatchQuestions else {
            throw AuthorizeQuestion.malformed("a batch has at most \(settings.maxBatchQuestions) questions")
        }
        let stopsOn: Bool?
        switch body["options"]?["evaluations_semantic"] {
        case nil, "execute_all"?: stopsOn = nil
        case "deny_on_first_deny"?: stopsOn = false
        case "permit_on_first_permit"?: stopsOn = true
        default: throw AuthorizeQuestion.malformed("unknown `evaluations_semantic`")
        }
        json.beginObject()
        json.key("evaluations")
        json.beginArray()
        for item in list {
            let allowed: Bool
            do throws(ErrorAnswer) {
                guard case .object(let object) = item else {
                    throw AuthorizeQuestion.malformed("an evaluation is a JSON object")
                }
                allowed = try evaluate(object, body, party, snapshot, at: now, into: &json)
            } catch  where (400..<500).contains(error.status) && error.status != 401 {
                Self.write(error, into: &json)
                allowed = false
            }
            if allowed == stopsOn { break }
        }
        json.endArray()
        json.endObject()
        answer.send(.json(json.bytes))
    }

    /// An item that cannot be answered denies by itself and says why; the others are answered (AuthZEN 1.0 7.2).
    ///
    /// It throws before it has written anything of an answer.
    private static func write(_ error: ErrorAnswer, into json: inout JSONWriter) {
        json.beginObject()
        json.key("decision")
        json.bool(false)
        json.key("context")
        json.beginObject()
        json.key("error")
        json.beginObject()
        json.key("status")
        json.int(error.status)
        json.key("message")
        json.string(error.text)
        json.endObject()
        json.key("reason")
        json.string(error.reason)
        json.key("decisionId")
        json.string(DecisionID().description)
        json.endObject()
        json.endObject()
    }

    private static func evaluationBody(_ request: HTTPRequest) throws(ErrorAnswer) -> JSONObject {
        let json: JSON
        do throws(MultiformatsError) {
            json = try JSON.parse(request.body)
        } catch {
            throw AuthorizeQuestion.malformed("the body is not strict JSON: \(error.message)")
        }
        guard case .object(let object) = json else {
            throw AuthorizeQuestion.malformed("the body is not a JSON object")
        }
        return object
    }

    /// What caveats are judged by; other members of an AuthZEN context mean nothing here.
    private func checkContext(_ json: JSON?) throws(ErrorAnswer) -> CheckContext? {
        guard let object = json?.object else { return nil }
        let families = store.families
        let known = object.members.filter { member in
            families.contextMembers.contains { UTF8Bytes.equal($0, member.key) }
        }
        guard !known.isEmpty else { return nil }
        return try AuthorizeQuestion.context(JSONObject(known).map(JSON.object), families)
    }

    /// Answers `{subject:{type,id}, action:{name}, resource:{type,id}, context?}`; the subject's id is a DID, the
    /// action's name an ability, the resource's id a resource URI. True when allowed.
    private func evaluate(
        _ object: JSONObject, _ defaults: JSONObject, _ party: AskingParty, _ snapshot: Snapshot, at now: Timestamp,
        into json: inout JSONWriter
    ) throws(ErrorAnswer) -> Bool {
        let families = store.families
        func member(_ key: String) -> JSON? { object[key] ?? defaults[key] }
        guard member("subject")?["type"]?.string != nil, member("resource")?["type"]?.string != nil else {
            throw AuthorizeQuestion.malformed("`subject` and `resource` need a `type` and an `id`")
        }
        guard let principal = member("subject")?["id"]?.string.flatMap({ try? families.principal($0) }) else {
            throw AuthorizeQuestion.malformed("`id` of `subject` names no principal")
        }
        guard let ability = member("action")?["name"]?.string.flatMap({ try? Ability($0) }) else {
            throw AuthorizeQuestion.malformed("`name` of `action` is not an ability")
        }
        guard let resource = member("resource")?["id"]?.string.flatMap({ try? families.resource($0) }) else {
            throw AuthorizeQuestion.malformed("`id` of `resource` is not a resource")
        }
        let context = member("context")
        let question = AuthorizeQuestion(
            subject: .principal(principal), wanted: (ability, resource),
            context: try checkContext(context),
            at: try AuthorizeQuestion.time(context?["time"]), wantsExplanation: false)
        let (decision, asked, _) = try decide(question, party, snapshot, at: now)
        json.beginObject()
        json.key("decision")
        json.bool(decision.isAllowed)
        json.key("context")
        json.beginObject()
        let reason = DecisionReason(decision, principal: asked, in: snapshot, at: question.at ?? now)
        json.key("reason")
        json.string(reason.code)
        json.key("message")
        json.string(reason.message)
        json.key("answer")
        json.string(decision.name)
        json.key("revision")
        json.int(snapshot.revision)
        json.key("decisionId")
        json.string(DecisionID().description)
        json.endObject()
        json.endObject()
        return decision.isAllowed
    }
}
