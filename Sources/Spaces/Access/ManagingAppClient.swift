package import ATProto
package import UCAN

/// Asks whether a managing application admits a user (section 15).
package struct ManagingAppQuestion: Error, Hashable, Sendable {
    package enum Access: String, Sendable {
        case read, write
    }

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
    func admits(_ question: ManagingAppQuestion, at now: Timestamp) -> Bool
}

/// Stands where no application can be reached: nobody is admitted.
package struct NoManagingApps: ManagingAppClient {
    package init() {}
    package func admits(_ question: ManagingAppQuestion, at now: Timestamp) -> Bool { false }
}

/// An answer and what it answers; it counts for that question alone.
struct ManagingAppAnswer: Sendable {
    let question: ManagingAppQuestion
    let isAllowed: Bool

    init(_ question: ManagingAppQuestion, isAllowed: Bool) {
        self.question = question
        self.isAllowed = isAllowed
    }
}
