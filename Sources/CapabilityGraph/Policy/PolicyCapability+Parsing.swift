public import Multiformats

extension PolicyCapability {
    /// Reads and normalises a policy capability; throws the first rejection in the order of the steps.
    ///
    /// 1. an object; 2. not a manifest entry; 3. no unknown member; 4. a service of the registry; 5. one concrete space;
    /// 6. a path that has a normal form; 7. actions, each of that service and in the registry, at least one;
    /// 8. caveats that are understood and have one spelling.
    public init(_ json: JSON, registry: AbilityRegistry) throws(PolicyRejection) {
        guard case .object(let object) = json else {  // step 1
            throw PolicyRejection(.malformed, "a policy capability is an object")
        }
        // step 2: these members say that names are still to be resolved against a manifest.
        for key in ["id", "scope", "type", "actions_short", "permissions"] where object[key] != nil {
            throw PolicyRejection(.malformed, "`\(key)` belongs to a manifest, not to a policy capability")
        }
        let known = ["service", "space", "path", "actions", "caveats"]
        for member in object.members where !known.contains(where: { UTF8Bytes.equal($0, member.key) }) {  // step 3
            throw PolicyRejection(.unknownKey, "`\(member.key.prefix(200))` is not a member of a policy capability")
        }
        guard case .string(let service)? = object["service"], registry.knows(namespace: service) else {  // step 4
            throw PolicyRejection(.malformedService, "`service` does not name a known service")
        }
        guard case .string(let space)? = object["space"], Self.isConcrete(space: space) else {  // step 5
            throw PolicyRejection(.malformedSpace, "`space` does not name one space")
        }
        guard case .string(let written)? = object["path"], let path = PolicyPath.normalised(written) else {  // step 6
            throw PolicyRejection(.malformedPath, "`path` has no normal form")
        }
        let actions = try Self.actions(object["actions"], of: service, registry)
        try Self.check(object["caveats"], service, actions, registry)
        self.init(service: service, space: space, path: path, actions: actions, caveats: object["caveats"])
    }

    private static func isConcrete(space: String) -> Bool {
        guard !space.isEmpty, !space.utf8.starts(with: "manifest:".utf8), NormalForm.isComposed(space) else {
            return false
        }
        return space.unicodeScalars.allSatisfy { scalar in
            switch scalar {
            case "*", "?", "/": false
            default: !scalar.properties.isWhitespace && scalar.properties.generalCategory != .control
            }
        }
    }

    // step 7
    private static func actions(
        _ json: JSON?, of service: String, _ registry: AbilityRegistry
    ) throws(PolicyRejection) -> [Ability] {
        guard let json else { throw PolicyRejection(.emptyActions, "there are no `actions`") }
        guard case .array(let list) = json else {
            throw PolicyRejection(.malformedAction, "`actions` is not an array")
        }
        var actions: [Ability] = []
        for item in list {
            guard case .string(let text) = item else {
                throw PolicyRejection(.malformedAction, "an action is not a text")
            }
            guard text.utf8.contains(UInt8(ascii: "/")) else {
                throw PolicyRejection(.actionShortName, "`\(text.prefix(200))` lacks the service before its name")
            }
            guard let action = try? Ability(text), action.namespace.utf8.elementsEqual(service.utf8),
                registry.number(text) != 0
            else {
                throw PolicyRejection(.malformedAction, "`\(text.prefix(200))` is not an action of `\(service)`")
            }
            actions.append(action)
        }
        actions.sort()
        var distinct: [Ability] = []
        for action in actions where distinct.last != action { distinct.append(action) }
        guard !distinct.isEmpty else { throw PolicyRejection(.emptyActions, "there are no `actions`") }
        return distinct
    }

    // step 8
    private static func check(
        _ caveats: JSON?, _ service: String, _ actions: [Ability], _ registry: AbilityRegistry
    ) throws(PolicyRejection) {
        guard let caveats else { return }
        guard caveats.object != nil, PolicyCaveats.hasOneSpelling(caveats) else {
            throw PolicyRejection(.malformedCaveats, "`caveats` is not an object of one canonical spelling")
        }
        guard service.utf8.elementsEqual("tinycloud.sql".utf8) else { return }
        guard let constrained = SQLCaveat(caveats) else {
            throw PolicyRejection(.malformedCaveats, "`caveats` does not state constrained statements")
        }
        let read = Ability(trusted: "tinycloud.sql/read")
        guard actions.allSatisfy({ registry.isSame($0, read) }) else {
            throw PolicyRejection(.malformed, "constrained statements go with `tinycloud.sql/read` alone")
        }
        guard constrained.readOnly else {
            throw PolicyRejection(.caveat(.nonReadOnly), "constrained statements are not read-only")
        }
        if let failure = constrained.boundTextFailure {
            throw PolicyRejection(.caveat(failure), "a constrained statement is not one read")
        }
    }
}
