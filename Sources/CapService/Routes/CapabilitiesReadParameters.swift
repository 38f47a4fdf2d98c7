import CapabilityGraph
import Multiformats
import UCAN

/// What a capabilities read asks for; what cannot be read is refused, never taken for "everything" (tinycloud.md 8.2).
enum CapabilitiesReadParameters {
    struct Filters {
        var direction = ListQuery.Direction.all
        var path: String?
        var abilities: [Ability]?
        var statuses: Set<ListQuery.Status> = [.active]
        var limit: Int?
        var cursor: ListCursor?

        func query(_ space: Space, _ asker: AskerIdentity) -> ListQuery {
            var query = ListQuery(space: space, asker: asker)
            query.direction = direction
            query.path = path
            query.abilities = abilities
            query.statuses = statuses
            return query
        }
    }

    case list(Filters)
    case chain(CID)

    /// Reads the first fact with a `capabilitiesReadParams` member; without one everything is listed.
    init(facts: [JSON], settings: Settings) throws(ErrorAnswer) {
        // Not lazily, where each element is asked for its member twice.
        var parameters: JSON?
        for fact in facts where parameters == nil { parameters = fact["capabilitiesReadParams"] }
        guard let parameters else {
            self = .list(Filters())
            return
        }
        guard case .object(let object) = parameters else {
            throw Self.malformed("`capabilitiesReadParams` is not an object")
        }
        switch object["type"]?.string {
        case "list": self = .list(try Self.filters(object, settings))
        case "chain":
            guard let text = object["delegation_cid"]?.string else {
                throw Self.malformed("a chain read needs `delegation_cid`")
            }
            guard let cid = try? CID(text: text.utf8) else {
                throw ErrorAnswer(400, "malformedCID", "Invalid delegation CID: \(text.prefix(128))")
            }
            self = .chain(cid)
        default: throw Self.malformed("`type` is neither `list` nor `chain`")
        }
    }

    private static func malformed(_ text: String) -> ErrorAnswer {
        ErrorAnswer(400, "malformedParameters", "Invalid capabilities read parameters: \(text)")
    }

    private static func filters(_ object: JSONObject, _ settings: Settings) throws(ErrorAnswer) -> Filters {
        var filters = Filters()
        let inner: JSONObject
        switch object["filters"] {
        case nil, .null: inner = JSONObject()
        case .object(let value): inner = value
        default: throw malformed("`filters` is not an object")
        }
        /// Paging and states may stand in `filters` or beside it; null means absent.
        func member(_ names: String...) -> JSON? {
            for name in names {
                if let value = inner[name] ?? object[name], !value.isNull { return value }
            }
            return nil
        }
        if let value = member("direction") {
            guard let direction = value.string.flatMap(ListQuery.Direction.init(rawValue:)) else {
                throw malformed("`direction` is not `created`, `received` or `all`")
            }
            filters.direction = direction
        }
        if let value = member("path") {
            guard let path = value.string else { throw malformed("`path` is not text") }
            filters.path = path
        }
        if let value = member("actions") {
            guard let list = value.array else { throw malformed("`actions` is not an array") }
            filters.abilities = try list.map { item throws(ErrorAnswer) in
                guard let ability = item.string.flatMap({ try? Ability($0) }) else {
                    throw malformed("`actions` holds something that is not an ability")
                }
                return ability
            }
        }
        try readStatuses(
            member("status"), member("includeExpired", "include_expired"),
            member("includeRevoked", "include_revoked"), into: &filters)
        if let value = member("limit") {
            guard let limit = value.number?.int64, limit >= 1, limit <= Int64(settings.maxPageRows) else {
                throw malformed("`limit` is not a number from 1 to \(settings.maxPageRows)")
            }
            filters.limit = Int(limit)
        }
        if let value = member("cursor") {
            guard filters.limit != nil else { throw malformed("`cursor` needs `limit`") }
            guard let cursor = value.string.flatMap({ try? ListCursor($0) }) else {
                throw malformed("`cursor` is not a cursor of this service")
            }
            filters.cursor = cursor
        }
        return filters
    }

    private static func readStatuses(
        _ status: JSON?, _ includeExpired: JSON?, _ includeRevoked: JSON?, into filters: inout Filters
    ) throws(ErrorAnswer) {
        if let status {
            let names = status.array ?? [status]
            filters.statuses = []
            for name in names {
                guard let value = name.string.flatMap(ListQuery.Status.init(rawValue:)) else {
                    throw malformed("`status` is not `active`, `pending`, `expired` or `revoked`")
                }
                filters.statuses.insert(value)
            }
        }
        for (json, value, name) in [
            (includeExpired, ListQuery.Status.expired, "includeExpired"),
            (includeRevoked, .revoked, "includeRevoked"),
        ] {
            guard let json else { continue }
            guard let flag = json.bool else { throw malformed("`\(name)` is not true or false") }
            if flag { filters.statuses.insert(value) }
        }
    }
}
