import CapabilityGraph
import Multiformats
import UCAN

/// The body of a question about authority: an object of known members, each read strictly.
struct QuestionBody {
    let object: JSONObject
    private let families: Families

    /// Throws 400 `malformedQuestion` for a body that is not strict JSON, is no object or has another member.
    init(_ request: HTTPRequest, _ members: Set<String>, _ families: Families) throws(ErrorAnswer) {
        let json: JSON
        do throws(MultiformatsError) {
            json = try JSON.parse(request.body)
        } catch {
            throw AuthorizeQuestion.malformed("the body is not strict JSON: \(error.message)")
        }
        guard case .object(let object) = json else { throw AuthorizeQuestion.malformed("a question is a JSON object") }
        for member in object.members where !members.contains(member.key) {
            throw AuthorizeQuestion.malformed("unknown member `\(member.key.prefix(64))`")
        }
        self.object = object
        self.families = families
    }

    func ability() throws(ErrorAnswer) -> Ability {
        guard let ability = try optionalAbility() else { throw AuthorizeQuestion.malformed("`ability` is missing") }
        return ability
    }

    func optionalAbility() throws(ErrorAnswer) -> Ability? {
        guard let member = object["ability"] else { return nil }
        guard let ability = member.string.flatMap({ try? Ability($0) }) else {
            throw AuthorizeQuestion.malformed("`ability` is not an ability")
        }
        return ability
    }

    func resource() throws(ErrorAnswer) -> Resource {
        guard let resource = object["resource"]?.string.flatMap({ try? families.resource($0) }) else {
            throw AuthorizeQuestion.malformed("`resource` is not a resource")
        }
        return resource
    }

    func space() throws(ErrorAnswer) -> Space? {
        guard let member = object["space"] else { return nil }
        guard let space = member.string.flatMap({ try? families.space($0) }) else {
            throw AuthorizeQuestion.malformed("`space` is not a space id")
        }
        return space
    }

    func principal(_ name: String) throws(ErrorAnswer) -> DID? {
        guard let member = object[name] else { return nil }
        guard let principal = member.string.flatMap({ try? families.principal($0) }) else {
            throw AuthorizeQuestion.malformed("`\(name)` names no principal")
        }
        return principal
    }

    func kinds() throws(ErrorAnswer) -> Set<PrincipalKind>? {
        guard let member = object["kinds"] else { return nil }
        guard let list = member.array, !list.isEmpty else {
            throw AuthorizeQuestion.malformed("`kinds` is not a list of kinds")
        }
        var kinds: Set<PrincipalKind> = []
        for item in list {
            guard let kind = item.string.flatMap(PrincipalKind.init(rawValue:)) else {
                throw AuthorizeQuestion.malformed("`kinds` is not a list of kinds")
            }
            kinds.insert(kind)
        }
        return kinds
    }

    func flag(_ name: String) throws(ErrorAnswer) -> Bool {
        guard let member = object[name] else { return false }
        guard let value = member.bool else { throw AuthorizeQuestion.malformed("`\(name)` is not true or false") }
        return value
    }

    func limit() throws(ErrorAnswer) -> Int {
        guard let member = object["limit"] else { return 100 }
        guard let number = member.number?.int64, (1...1000).contains(number) else {
            throw AuthorizeQuestion.malformed("`limit` is not a number from 1 to 1000")
        }
        return Int(number)
    }

    func instant() throws(ErrorAnswer) -> Timestamp? { try AuthorizeQuestion.time(object["at"]) }

    func cursor() throws(ErrorAnswer) -> QuestionCursor? {
        guard let member = object["cursor"] else { return nil }
        guard let text = member.string else { throw AuthorizeQuestion.malformed("`cursor` is malformed") }
        return try Self.ofGraph { () throws(GraphError) in try QuestionCursor(text) }
    }

    static func ofGraph<Answer>(_ ask: () throws(GraphError) -> Answer) throws(ErrorAnswer) -> Answer {
        do throws(GraphError) {
            return try ask()
        } catch {
            throw AuthorizeQuestion.malformed(error.message)
        }
    }
}
