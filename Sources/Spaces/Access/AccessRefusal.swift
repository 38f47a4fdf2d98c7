import ATProto
package import CapabilityGraph

/// Says that the gate did not let a caller through: the wire name of section 20, and for the log the decision.
package struct AccessRefusal: Error, Sendable {
    package let name: String
    package let message: String
    /// What the graph answered, for explanations and logs; never for the caller.
    package var decision: Decision?

    package init(_ name: String, _ message: String, decision: Decision? = nil) {
        self.name = name
        self.message = message
        self.decision = decision
    }

    func with(_ decision: Decision?) -> AccessRefusal { AccessRefusal(name, message, decision: decision) }
}

extension AccessRefusal {
    /// The one answer for a space that is not there and for one the caller may not know of.
    package static let spaceNotFound = AccessRefusal("SpaceNotFound", "the space does not exist")
    /// The one answer for a repo that is not there and for one the caller may not read.
    package static let repoNotFound = AccessRefusal("RepoNotFound", "the repo does not exist")
    /// The one answer for an edge that is not there and for one the caller may not see.
    package static let edgeNotFound = AccessRefusal("EdgeNotFound", "the space has no such edge")
    package static let spaceDeleted = AccessRefusal("SpaceDeleted", "the space was deleted")
    package static let notSpaceOwner = AccessRefusal("NotSpaceOwner", "only the space's owner may do that")
    package static let writeNotAuthorized = AccessRefusal(
        "WriteNotAuthorized", "the space's write policy does not admit this account")
    package static let userNotAuthorized = AccessRefusal(
        "UserNotAuthorized", "the space's read policy does not admit this account")
    package static let appNotAuthorized = AccessRefusal(
        "AppNotAuthorized", "the space does not admit this application")
    package static let insufficientScope = AccessRefusal(
        "InsufficientScope", "the app has no scope for this in this space")
    package static let foreignRepo = AccessRefusal("Forbidden", "repo must match authenticated user")
    package static let noRepoHere = AccessRefusal("Forbidden", "this host keeps no repo of that account")
    package static let notAccepted = AccessRefusal(
        "Forbidden", "this kind of authentication is not accepted for the method")
    package static let readSelfOnly = AccessRefusal("Forbidden", "this membership reads its own records only")
    package static let signInNeeded = AccessRefusal("AuthMissing", "authentication is required")
    package static let sessionEnded = AccessRefusal("AuthMissing", "the session has ended")
    package static let credentialRevoked = AccessRefusal("CredentialRevoked", "the credential was revoked")
    package static let wrongSpace = AccessRefusal("InvalidCredential", "the credential is for another space")
    package static let wrongDelegation = AccessRefusal(
        "InvalidDelegationToken", "the delegation token is for another space")
    package static let delegationRevoked = AccessRefusal(
        "InvalidDelegationToken", "the delegation token was revoked")
    package static let foreignSpace = AccessRefusal(
        "Forbidden", "a space is made under the caller's own account on this host")
    package static let foreignNews = AccessRefusal(
        "Forbidden", "the notification is not signed by the repo's account")
    package static let foreignAuthority = AccessRefusal(
        "Forbidden", "the notification is not signed by the space's authority")
    package static let closed = AccessRefusal("Forbidden", "nothing is let through")
}
