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
}
