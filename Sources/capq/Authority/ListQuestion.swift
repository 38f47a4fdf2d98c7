/// Selects delegations of a space and one page of them.
struct ListQuestion: Sendable, Equatable {
    enum Direction: String, Sendable {
        case created
        case received
        case all
    }

    /// Asks about every space of the account in place of one space.
    var isAboutAccount = false
    var direction = Direction.all
    var path: String?
    /// Any of these abilities; none means every one.
    var abilities: [String] = []
    /// Any of these states; none means those that hold.
    var statuses: [String] = []
    var limit = 100
    var cursor: String?
    /// Whose edges, as typed; of permissioned spaces only.
    var principal: String?
    /// Any of these kinds; none means every one. Of permissioned spaces only.
    var kinds: [String] = []

    /// Whether it asks what only the graph of a permissioned space can be asked.
    var isAboutPermissionedSpace: Bool { principal != nil || !kinds.isEmpty }
}
