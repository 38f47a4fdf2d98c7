/// Holds what an owner may change of a space (atproto-spaces.md 14).
package struct SpaceSettings: Hashable, Sendable {
    package var displayName: String?
    package var description: String?
    /// Whom credentials are given to.
    package var readPolicy = UserPolicy.memberList
    /// Whose writes are taken and listed.
    package var writePolicy = UserPolicy.memberList
    package var appAccess = AppAccess.open
    package var config = SpaceConfig()

    package init() {}

    /// True where nothing is open but to members.
    var isOfMembersAlone: Bool {
        readPolicy == .memberList && writePolicy == .memberList && !config.recordsPublic && !config.membershipPublic
    }

    /// The most bytes of the two texts.
    package static let maximumNameLength = 640
    package static let maximumDescriptionLength = 10_000

    /// The application the older interface names; the reading side goes first.
    package var managingApp: String? { readPolicy.managingApp ?? writePolicy.managingApp }
}
