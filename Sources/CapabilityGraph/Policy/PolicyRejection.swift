/// Says why a policy capability was refused, or why one does not contain another.
public struct PolicyRejection: Error, Equatable, Sendable {
    public enum Code: Hashable, Sendable {
        case malformed, unknownKey, malformedService, malformedSpace, malformedPath
        case actionShortName, malformedAction, emptyActions, malformedCaveats
        case serviceMismatch, spaceMismatch, pathMismatch, actionNotSubset
        case caveat(CaveatFailure)

        /// The stable text of the code, as the reference spells it.
        public var text: String {
            switch self {
            case .malformed: "policy-capability-malformed"
            case .unknownKey: "policy-capability-unknown-key"
            case .malformedService: "policy-capability-malformed-service"
            case .malformedSpace: "policy-capability-malformed-space"
            case .malformedPath: "policy-capability-malformed-path"
            case .actionShortName: "policy-capability-malformed-action-shortname"
            case .malformedAction: "policy-capability-malformed-action"
            case .emptyActions: "policy-capability-empty-actions"
            case .malformedCaveats: "policy-capability-malformed-caveats"
            case .serviceMismatch: "containment-service-mismatch"
            case .spaceMismatch: "containment-space-mismatch"
            case .pathMismatch: "containment-path-mismatch"
            case .actionNotSubset: "containment-action-not-subset"
            case .caveat(let failure): failure.rawValue
            }
        }
    }

    public let code: Code
    public let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }
}
