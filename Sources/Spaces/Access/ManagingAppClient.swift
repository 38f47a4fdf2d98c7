package import ATProto
package import CapabilityGraph
package import UCAN

/// Asks whether a managing application admits a user (section 15).
package struct ManagingAppQuestion: Hashable, Sendable {
    package typealias Access = ManagingAppWord.Access

    /// The service identifier, as the space's policy names it.
    package let app: String
    package let space: SpaceURI
    package let user: DID
    package let access: Access
    /// The attested client id; never told for a write.
    package let clientID: String?
}

/// Calls managing applications. One try, 5 seconds, no redirects; whatever is not a clear yes is a no.
package protocol ManagingAppClient: Sendable {
    func admits(_ question: ManagingAppQuestion, at now: Timestamp) throws -> Bool
}

/// Stands where no application can be reached: nobody is admitted.
package struct NoManagingApps: ManagingAppClient {
    package init() {}
    package func admits(_ question: ManagingAppQuestion, at now: Timestamp) -> Bool { false }
}
