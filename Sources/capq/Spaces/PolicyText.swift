import Multiformats

/// Reads who may read and write in a space, and through which applications, as typed on the command line.
enum PolicyText {
    static let read = Option(
        "read-policy", "WHO", "members|public, or the DID#service of an application that is asked each time")
    static let write = Option("write-policy", "WHO", "whose writes are listed, in the same words")
    static let app = Option("app", "CLIENT_ID", "let only these applications in", repeats: true)
    static let anyApp = Flag("any-app", "let every application in")
    static let config = Option("config", "JSON", "further settings, as in {\"membershipPublic\":true}")
    static let name = Option("name", "TEXT", "what people call the space; `-` takes it away")
    static let description = Option("description", "TEXT", "what it is for; `-` takes it away")

    static let options = [name, description, read, write, app, config]

    /// Gives the members of createSpace and updateSpace that were typed.
    static func members(_ arguments: Arguments) throws(CommandError) -> JSONObject {
        var object = JSONObject()
        for (option, member) in [(name, "displayName"), (description, "description")] {
            if let text = arguments[option] { object[member] = text.hasSameBytes(as: "-") ? .null : .string(text) }
        }
        if let text = arguments[read] { object["readPolicy"] = try policy(text) }
        if let text = arguments[write] { object["writePolicy"] = try policy(text) }
        let apps = arguments.all(app)
        guard apps.isEmpty || !arguments[anyApp] else { throw .usage("`--app` and `--any-app` exclude each other") }
        if !apps.isEmpty {
            object["appAccess"] = [
                "$type": "com.atproto.simplespace.defs#allowList", "allowed": .array(apps.map { .string($0) }),
            ]
        } else if arguments[anyApp] {
            object["appAccess"] = ["$type": "com.atproto.simplespace.defs#open"]
        }
        if let text = arguments[config] {
            guard let json = try? JSON.parse(Array(text.utf8)), json.object != nil else {
                throw .usage("`--config` is not a JSON object")
            }
            object["config"] = json
        }
        return object
    }

    static func policy(_ text: String) throws(CommandError) -> JSON {
        switch text {
        case "members", "member-list": return ["$type": "com.atproto.simplespace.defs#memberListPolicy"]
        case "public": return ["$type": "com.atproto.simplespace.defs#publicPolicy"]
        default:
            guard text.utf8.starts(with: "did:".utf8) else {
                throw .usage("`\(text)` is no policy", hint: "members, public, or the DID#service of an application")
            }
            return ["$type": "com.atproto.simplespace.defs#managingAppPolicy", "managingApp": .string(text)]
        }
    }

    /// Words a policy of the wire as it is typed.
    static func words(_ json: JSON?) -> String {
        guard let json, let type = json["$type"]?.string else { return json?.string ?? "-" }
        switch type {
        case "com.atproto.simplespace.defs#memberListPolicy": return "members"
        case "com.atproto.simplespace.defs#publicPolicy": return "public"
        default: return json["managingApp"]?.string ?? type
        }
    }

    /// Words which applications are let in.
    static func words(apps json: JSON?) -> String {
        if let allowed = json?["allowed"]?.array {
            return allowed.isEmpty ? "none" : "only " + allowed.compactMap(\.string).joined(separator: ", ")
        }
        if let denied = json?["denied"]?.array {
            return "all but " + denied.compactMap(\.string).joined(separator: ", ")
        }
        return json == nil ? "-" : "any"
    }
}
