import CapabilityGraph
import UCAN

/// What an invocation asks of the key-value plane, by its capabilities alone (docs/protocol/kv.md).
struct KVPlan: Sendable {
    enum Verb: CaseIterable, Sendable {
        case get, metadata, list, put, delete

        /// The texts are literals of the right form.
        var ability: Ability {
            switch self {
            case .get: Ability(literal: "tinycloud.kv/get")
            case .metadata: Ability(literal: "tinycloud.kv/metadata")
            case .list: Ability(literal: "tinycloud.kv/list")
            case .put: Ability(literal: "tinycloud.kv/put")
            case .delete: Ability(literal: "tinycloud.kv/del")
            }
        }

        var changes: Bool {
            switch self {
            case .get, .metadata, .list: false
            case .put, .delete: true
            }
        }
    }

    /// One place that is asked about; only a listing may name no path.
    struct Place: Sendable {
        let space: Space
        let path: String?
        let capability: Capability
    }

    static let maxReads = 100

    let verb: Verb
    /// In the order of the token, at least one.
    let places: [Place]

    /// The verb that a capability names on a resource of the key-value plane; nil for anything else.
    static func verb(of capability: Capability, _ registry: AbilityRegistry) -> Verb? {
        guard capability.resource.family == .tinycloud, capability.resource.service == "kv" else { return nil }
        return Verb.allCases.first { registry.isSame(capability.ability, $0.ability) }
    }

    /// Reads capabilities that all name `verb`.
    init(_ verb: Verb, _ capabilities: [Capability]) throws(ErrorAnswer) {
        var places: [Place] = []
        for capability in capabilities {
            guard let space = capability.resource.space, capability.resource.suffix.isEmpty else {
                throw ErrorAnswer(
                    400, "malformedResource", "a query or a fragment names nothing here: `\(capability.resource)`")
            }
            let path = capability.resource.path
            guard path != nil || verb == .list else {
                throw ErrorAnswer(400, "missingPath", "`\(capability.ability)` needs a path, and may have an empty one")
            }
            places.append(Place(space: space, path: path, capability: capability))
        }
        switch verb {
        case .get, .metadata:
            guard places.count <= Self.maxReads else {
                throw ErrorAnswer(400, "tooManyKeys", "KV batch reads accept at most \(Self.maxReads) keys")
            }
        case .put: break
        case .list, .delete:
            guard places.count == 1 else { throw ErrorAnswer.multipleOutcomes }
        }
        self.verb = verb
        self.places = places
    }
}

extension ErrorAnswer {
    static let multipleOutcomes = ErrorAnswer(
        501, "multipleOutcomes", "Multiple invocation outcomes require a homogeneous KV get or metadata batch")
}
