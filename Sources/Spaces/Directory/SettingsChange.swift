package import ATProto
package import Multiformats

/// What a call of createSpace, updateSpace or updateConfig asks to be changed; what is absent stays.
///
/// All spellings are taken: `policy`, `mintPolicy` (both sides), `readPolicy`, `writePolicy`, unions or words with
/// `managingApp` or `managingAppDid` beside them, `appAccess`, and HV2.5's mode with its lists (sections 0, 5, 14).
package struct SettingsChange: Sendable {
    /// A text that is set, cleared by null, or left as it is.
    package enum Text: Hashable, Sendable {
        case keep
        case clear
        case set(String)
    }

    package private(set) var displayName = Text.keep
    package private(set) var description = Text.keep
    package private(set) var readPolicy: UserPolicy?
    package private(set) var writePolicy: UserPolicy?
    package private(set) var appAccess: AppAccess?
    package private(set) var config: JSONObject?
    /// Names another application for the policies that have one already (updateConfig).
    private var managingApp: String?

    package init() {}

    /// Reads the members of a body that concern settings; others are none of its business.
    package init(_ body: JSONObject) throws(ATProtoError) {
        let config = try Self.object(body, "config")
        managingApp = try Self.managingApp(body)
        let both = try Self.agreed(
            try policy(body["policy"], managingApp), try policy(body["mintPolicy"], managingApp), "policy")
        let bothSnake = try Self.agreed(both, try policy(body["mint_policy"], managingApp), "policy")
        readPolicy = try Self.agreed(bothSnake, try policy(body["readPolicy"], managingApp), "readPolicy")
        writePolicy = try Self.agreed(bothSnake, try policy(body["writePolicy"], managingApp), "writePolicy")
        displayName = try Self.text(body, "displayName", "display_name", SpaceSettings.maximumNameLength)
        description = try Self.text(body, "description", "description", SpaceSettings.maximumDescriptionLength)
        let access = try (body["appAccess"] ?? body["app_access"]).map { json throws(ATProtoError) in
            try AppAccess(json)
        }
        let legacy = try Self.legacyAccess(body, config)
        appAccess = try Self.agreed(access, legacy, "appAccess")
        self.config = config.map(Self.withoutLegacyAccess)
    }

    /// Gives the settings with the change made. Throws `InvalidRequest`.
    package func applied(to settings: SpaceSettings) throws(ATProtoError) -> SpaceSettings {
        var result = settings
        result.displayName = displayName.applied(to: settings.displayName)
        result.description = description.applied(to: settings.description)
        result.readPolicy = readPolicy ?? renamed(settings.readPolicy)
        result.writePolicy = writePolicy ?? renamed(settings.writePolicy)
        result.appAccess = appAccess ?? settings.appAccess
        if let config { try result.config.apply(config) }
        return result
    }

    /// An application named without a policy takes the place of the one a policy has.
    private func renamed(_ policy: UserPolicy) -> UserPolicy {
        guard let managingApp, policy.managingApp != nil else { return policy }
        return .managingApp(managingApp)
    }

    private func policy(_ json: JSON?, _ managingApp: String?) throws(ATProtoError) -> UserPolicy? {
        guard let json else { return nil }
        return try UserPolicy(json, managingApp: managingApp)
    }

    private static func managingApp(_ body: JSONObject) throws(ATProtoError) -> String? {
        var found: String?
        for name in ["managingApp", "managingAppDid", "managing_app_did"] {
            guard let value = body[name], !value.isNull else { continue }
            guard let text = value.string else { throw ATProtoError("InvalidRequest", "`\(name)` takes a text") }
            if let found, !UTF8Bytes.equal(found, text) {
                throw ATProtoError("InvalidRequest", "`managingApp` is given in two spellings that disagree")
            }
            found = text
        }
        // Checked as a policy would, whether a policy is given with it or not.
        if let found { _ = try UserPolicy("managing-app", managingApp: found) }
        return found
    }

    /// The one value of two spellings; throws `InvalidRequest` when both are given and differ.
    private static func agreed<Value: Equatable>(
        _ first: Value?, _ second: Value?, _ name: String
    ) throws(ATProtoError) -> Value? {
        if let first, let second, first != second {
            throw ATProtoError("InvalidRequest", "`\(name)` is given in two spellings that disagree")
        }
        return first ?? second
    }

    private static func object(_ body: JSONObject, _ name: String) throws(ATProtoError) -> JSONObject? {
        guard let value = body[name], !value.isNull else { return nil }
        guard let object = value.object else { throw ATProtoError("InvalidRequest", "`\(name)` is an object") }
        return object
    }

    private static func text(
        _ body: JSONObject, _ name: String, _ other: String, _ limit: Int
    ) throws(ATProtoError) -> Text {
        guard let value = body[name] ?? body[other] else { return .keep }
        if value.isNull { return .clear }
        guard let text = value.string, text.utf8.count <= limit, !text.utf8.contains(0) else {
            throw ATProtoError(
                "InvalidRequest", "`\(name)` is a text of at most \(limit) bytes without U+0000, or null")
        }
        return .set(text)
    }
}

extension SettingsChange.Text {
    func applied(to text: String?) -> String? {
        switch self {
        case .keep: text
        case .clear: nil
        case .set(let text): text
        }
    }
}

extension SettingsChange {
    private static let legacyNames = [
        ["accessMode", "access_mode"], ["appAllowlist", "app_allowlist"], ["appDenylist", "app_denylist"],
    ]

    /// HV2.5's mode and lists, at the top or inside `config`; a mode alone or a list alone is enough.
    private static func legacyAccess(_ body: JSONObject, _ config: JSONObject?) throws(ATProtoError) -> AppAccess? {
        let found = legacyNames.map { names in
            names.lazy.compactMap { body[$0] ?? config?[$0] }.first { !$0.isNull }
        }
        guard found.contains(where: { $0 != nil }) else { return nil }
        let mode = found[0].map { $0.string ?? "" } ?? (found[1] != nil ? "default_deny" : "default_allow")
        return try AppAccess(mode: mode, allowed: found[1], denied: found[2])
    }

    private static func withoutLegacyAccess(_ config: JSONObject) -> JSONObject {
        var rest = config
        for name in legacyNames.joined() { rest[name] = nil }
        return rest
    }
}
