import Multiformats

/// Reads and writes the object `resource -> ability -> caveats` shared by ReCap and UCAN (spec/tinycloud.md 1.5).
enum CapabilitiesObject {
    /// Returns the capabilities ordered by resource, then ability, bytewise.
    static func read(_ json: JSON?, limits: TokenLimits) throws(UCANError) -> [TokenCapability] {
        guard case .object(let resources)? = json else {
            throw UCANError(.malformedCapabilities, "`att` is not an object", step: "B.3")
        }
        var capabilities: [TokenCapability] = []
        for (resource, value) in resources.members {
            try TokenCapability.checkResource(resource)
            guard case .object(let abilities) = value, !abilities.isEmpty else {
                throw UCANError(
                    .malformedCapabilities,
                    "\(UCANError.quoted(resource)) names no object of abilities",
                    step: "B.3"
                )
            }
            for (ability, value) in abilities.members {
                try TokenCapability.checkAbility(ability)
                guard capabilities.count < limits.capabilities else {
                    throw UCANError(
                        .limitExceeded, "there are more than \(limits.capabilities) capabilities", step: "J.22")
                }
                capabilities.append(
                    TokenCapability(checked: resource, ability, try caveats(value, of: ability, limits: limits))
                )
            }
        }
        capabilities.sort(by: TokenCapability.isOrdered)
        return capabilities
    }

    private static func caveats(_ json: JSON, of ability: String, limits: TokenLimits) throws(UCANError) -> [JSON] {
        guard case .array(let caveats) = json, !caveats.isEmpty else {
            throw UCANError(
                .malformedCapabilities,
                "the caveats of \(UCANError.quoted(ability)) are no array with at least one object",
                step: "B.3"
            )
        }
        guard caveats.count <= limits.caveats else {
            throw UCANError(.limitExceeded, "a capability has more than \(limits.caveats) caveats", step: "J.22")
        }
        for caveat in caveats {
            guard case .object = caveat else {
                throw UCANError(
                    .malformedCapabilities,
                    "a caveat of \(UCANError.quoted(ability)) is no object",
                    step: "B.3"
                )
            }
        }
        return caveats
    }

    /// Writes the object with keys in byte order; a pair named twice is refused.
    static func write(_ capabilities: [TokenCapability]) throws(UCANError) -> JSON {
        let sorted = capabilities.sorted(by: TokenCapability.isOrdered)
        var resources: [(key: String, value: JSON)] = []
        var abilities: [(key: String, value: JSON)] = []
        for (index, capability) in sorted.enumerated() {
            let caveats = capability.caveats.isEmpty ? [JSON.object(JSONObject())] : capability.caveats
            abilities.append((capability.ability, .array(caveats)))
            if index + 1 == sorted.count || sorted[index + 1].resource != capability.resource {
                guard let object = JSONObject(abilities) else {
                    throw UCANError(
                        .malformedCapabilities,
                        "an ability is named twice for \(UCANError.quoted(capability.resource))"
                    )
                }
                resources.append((capability.resource, .object(object)))
                abilities = []
            }
        }
        // Resources are grouped from a sorted list, so none repeats.
        return .object(JSONObject(resources) ?? JSONObject())
    }
}
