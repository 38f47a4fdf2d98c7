public import Multiformats

/// Says why a statement was not admitted; `text` is what the reference node answers (tinycloud.md 5, 7.7).
public struct Refusal: Error, Equatable, Sendable {
    public enum Code: String, Sendable {
        case expired, notYetValid, missingProof, audienceMismatch, parentRevoked, ancestorRevoked, terminalParent
        case expiryExceedsParent, notBeforePrecedesParent, abilityNotCovered, caveatsNotContained
        case chainLimitExceeded, limitExceeded, unsupportedProfile, selfDelegation, wrongTokenKind
        case unauthorizedRevoker, malformedCapability
        /// As much is kept as may be for one DID that has no space hosted here, or for all such.
        case unhostedQuota
        /// As much is kept of who sends it as may be for now; `retryAfter` says until when.
        case senderQuota
    }

    public let code: Code
    public let text: String
    /// What the reference's words leave out: one sentence, or nil.
    public let explanation: String?
    /// The edge at which the rule failed, if one can be named.
    public let edge: Multihash?
    /// Seconds after which the same may be admitted, where time alone mends it.
    public let retryAfter: Int?

    /// Too much that nobody asked this host to keep came from one sender; some may again after so many seconds.
    public static func senderQuota(retryAfter seconds: Int) -> Refusal {
        Refusal(
            .senderQuota, "too many delegations",
            "too much came from this address that nobody with a space here asked to keep", retryAfter: seconds)
    }

    public init(
        _ code: Code, _ text: String, _ explanation: String? = nil, edge: Multihash? = nil, retryAfter: Int? = nil
    ) {
        self.retryAfter = retryAfter
        self.code = code
        self.text = text
        self.explanation = explanation
        self.edge = edge
    }
}
