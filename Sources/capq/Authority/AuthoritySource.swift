import CapClient
import Multiformats
import UCAN

/// Answers the four questions, from a service or from a database file, in the same shapes.
protocol AuthoritySource: Sendable {
    var now: Timestamp { get }
    /// Space asked about when the question names none.
    var space: String? { get }
    /// Whoever asks, when known.
    var invoker: DID? { get }

    func list(_ question: ListQuestion) throws(CommandError) -> DelegationPage
    func chain(_ cid: CID) throws(CommandError) -> DelegationChain
    func check(_ question: DecisionQuestion) throws(CommandError) -> AuthorizeAnswer
    func status(_ cid: CID) throws(CommandError) -> DelegationStatus
    /// Answers in the JSON of `/questions/…`, whoever is asked.
    func ask(_ question: AuthorityQuestion) throws(CommandError) -> JSON

    /// Reads a principal as typed.
    func principal(_ typed: String, keys: KeyStore) throws(CommandError) -> DID
    /// Completes a resource as typed.
    func resource(_ typed: String) throws(CommandError) -> String
}

extension AuthoritySource {
    func principal(_ typed: String, keys: KeyStore) throws(CommandError) -> DID {
        try PrincipalText.parse(typed, keys: keys, me: invoker)
    }

    func resource(_ typed: String) throws(CommandError) -> String { try SpaceText.resource(typed, in: space) }

    /// Returns the space to ask about.
    func requireSpace() throws(CommandError) -> String {
        guard let space else {
            throw .usage("no space to ask about", hint: "`--space ID`, or `capq login` first")
        }
        guard SpaceText.owner(of: space) != nil else { throw .usage("`\(space)` is not a space") }
        return space
    }
}

/// Asks whether a principal may use an ability on a resource.
struct DecisionQuestion: Sendable {
    let principal: DID
    let ability: String
    let resource: String
    /// What caveats are judged by: `{"caveats":[{…}],"statement":{…}}`, both optional; nil when nothing is given.
    var context: JSON?
    var at: Timestamp?
    var wantsExplanation = false
}

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
